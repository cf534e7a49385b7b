import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emit, eventInput, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import type { FilterRule } from '../core/filter.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { explain } from './explain.ts';
import { eventOf } from './publish.ts';
import { isLarge, largeEventAppend } from './targets.ts';

/** Its patterns are about as large as they may be. */
const SLOW: FilterRule = { field: 'data.a', operator: 'matches', value: 'x.{230}[^xy]|y.{230}[^xy]' };
const LONG = { a: 'xy'.repeat(2000) };

/** Ports whose clock goes ahead by a millisecond whenever it is looked at, and notes the breaks. */
function slowPorts(): { ports: FakePorts; breaks: { taken: number } } {
  const ports = fakePorts();
  const breaks = { taken: 0 };
  let looks = 0;
  const clock: FakePorts['clock'] = {
    ...ports.clock,
    monotonicMs: () => looks++,
    soon(run) {
      breaks.taken++;
      setImmediate(run);
    },
  };
  return { ports: { ...ports, clock }, breaks };
}

async function subscribed(ports: FakePorts, count: number): Promise<void> {
  for (let made = 0; made < count; made++) await subscribe(ports, { filters: [SLOW] });
}

describe('an event whose filters may take long', () => {
  test('is large, however few ask for it, and the same with little data is not', async () => {
    const ports = fakePorts();
    await subscribed(ports, 2);
    const configuration = await ports.configuration.of(DEFAULT_TENANT);
    const sizes = [LONG, { a: 'xy' }].map((value) =>
      isLarge(configuration, eventOf(ports, eventInput(ports, { value }))),
    );
    assert.deepEqual(sizes, [true, false]);
  });

  test('has breaks in the finding of its targets by the time that goes by', async () => {
    const { ports, breaks } = slowPorts();
    await subscribed(ports, 20);
    const configuration = await ports.configuration.of(DEFAULT_TENANT);
    await largeEventAppend(eventOf(ports, eventInput(ports, { value: LONG })), LONG, configuration, ports);
    assert.equal(breaks.taken, 2);
    await emit(ports, { value: LONG });
    assert.equal(breaks.taken, 4);
    await explain(ports, eventInput(ports, { value: LONG }));
    assert.equal(breaks.taken, 6);
  });
});

test('an event that is soon done has no breaks', async () => {
  const { ports, breaks } = slowPorts();
  await subscribed(ports, 2);
  await emit(ports, { value: { a: 'xy' } });
  assert.equal(breaks.taken, 0);
});
