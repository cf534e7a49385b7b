import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { eventually } from '../../../test/support/eventually.ts';
import { subscribe } from '../../../test/support/flows.ts';
import { door, PUSH, receipts, SOURCE_SECRET, signature, stored, typed } from '../../../test/support/inbound.ts';
import { type FakePorts, fakePorts } from '../../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../../core/ids.ts';
import type { Store } from '../../ports.ts';
import type { LiveSource } from '../configuration.ts';
import { createReceive, type Receive } from '../receive.ts';

const tenant = DEFAULT_TENANT;
const WRONG = { headers: [signature(PUSH, 'another secret')] };

interface Stage {
  ports: FakePorts;
  source: LiveSource;
  /** How often receipts were read. */
  looks(): number;
}

async function stage(): Promise<Stage> {
  const made = fakePorts();
  let looks = 0;
  const store: Store = {
    ...made.store,
    receipts: (query) => {
      if (query.maxBodyBytes === 0) looks++;
      return made.store.receipts(query);
    },
  };
  const ports = { ...made, store };
  return {
    ports,
    source: await door(ports, { type: 'native', name: 'CI', secret: SOURCE_SECRET }),
    looks: () => looks,
  };
}

async function rejectsOne({ ports, source }: Stage, take: Receive): Promise<void> {
  ports.clock.advance(1);
  assert.deepEqual(await take(typed(source, WRONG)), { kind: 'refused' });
  await settled();
}

async function rejects(on: Stage, take: Receive, count: number): Promise<void> {
  for (let at = 0; at < count; at++) await rejectsOne(on, take);
}

async function proves({ ports, source }: Stage, take: Receive): Promise<void> {
  ports.clock.advance(1);
  stored(await take(typed(source)));
}

/** Everything that was put off until after the answers has been done: the fake ports answer within a turn. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
}

const news = (ports: FakePorts) => ports.store.events({ tenant, type: 'source.rejecting', limit: 50 });

describe('a source that rejects what it is sent', () => {
  test('is told of once, at the fifth in a row, to those who ask for it', async () => {
    const on = await stage();
    const { ports, source } = on;
    const watching = await subscribe(ports, { events: ['source.*'] });
    const take = createReceive(ports);
    await rejects(on, take, 4);
    assert.deepEqual(await news(ports), []);
    await rejects(on, take, 3);
    const [event, ...more] = await news(ports);
    assert.ok(event !== undefined && more.length === 0);
    const first = (await receipts(ports)).at(-1)?.receipt.receivedAtMs ?? 0;
    assert.deepEqual(JSON.parse(new TextDecoder().decode(event.data)), {
      source: { id: source.id, name: 'CI', type: 'native' },
      rejected: 5,
      since: new Date(first).toISOString(),
      reason: 'mismatch',
    });
    assert.deepEqual([event.owner, event.source], [null, { kind: 'system', id: source.id }]);
    assert.equal(ports.offered.at(-1)?.tickets[0]?.subscriptionId, watching.id);
    assert.equal(ports.logged.filter((line) => line === 'source.rejecting').length, 1);
  });

  test('is told of no second time by another process or the next start, and however long it goes on', async () => {
    const on = await stage();
    const { ports } = on;
    await rejects(on, createReceive(ports), 5);
    await rejects(on, createReceive(ports), 5);
    const take = createReceive(ports);
    for (let at = 0; at < 3; at++) {
      await rejects(on, take, 1);
      ports.clock.advance(60_000);
    }
    assert.equal((await news(ports)).length, 1);
    assert.equal(ports.logged.filter((line) => line === 'source.rejecting').length, 1);
  });

  test('is told of again only after a proved request came between, wherever that came', async () => {
    const on = await stage();
    const { ports } = on;
    const [one, other] = [createReceive(ports), createReceive(ports)];
    await rejects(on, one, 5);
    await proves(on, one);
    await rejects(on, one, 5);
    assert.equal((await news(ports)).length, 1, 'within the minute nobody looks again');
    await proves(on, one);
    ports.clock.advance(60_000);
    await rejects(on, one, 4);
    assert.equal((await news(ports)).length, 1);
    await rejects(on, one, 1);
    assert.equal((await news(ports)).length, 2);
    await proves(on, other);
    // The first process has told it lately, and looks again a minute later.
    ports.clock.advance(60_000);
    await rejects(on, one, 5);
    assert.equal((await news(ports)).length, 3);
  });

  test('is found by those of several processes together', async () => {
    const on = await stage();
    const takes = [createReceive(on.ports), createReceive(on.ports)];
    for (let at = 0; at < 5; at++) await rejectsOne(on, takes[at % 2] ?? assert.fail());
    assert.equal((await news(on.ports)).length, 1);
  });

  test('makes one event of a flood, and no more looks than it takes to see that', async () => {
    const on = await stage();
    const { ports, source } = on;
    const take = createReceive(ports);
    await Promise.all(Array.from({ length: 300 }, () => take(typed(source, WRONG))));
    await eventually('the event', async () => ((await news(ports)).length === 1 ? true : null));
    const before = on.looks();
    assert.ok(before < 20, `${before} looks`);
    await rejects(on, take, 20);
    assert.equal(on.looks(), before);
    assert.equal((await news(ports)).length, 1);
  });

  test('costs proved requests nothing', async () => {
    const on = await stage();
    const take = createReceive(on.ports);
    await rejects(on, take, 1);
    const before = on.looks();
    for (let at = 0; at < 5; at++) await proves(on, take);
    await settled();
    assert.equal(on.looks(), before);
  });

  test('counts whom the allow-list turns away, and requests that came while its secret could not be read', async () => {
    const rows = [
      [{ secret: SOURCE_SECRET, ipAllowList: ['198.51.100.0/24'] }, 'no_such_door', 'address_not_allowed'],
      [{ secretRef: 'env:HOOKYARD_SECRET_A' }, 'secret_unavailable', 'secret_unavailable'],
    ] as const;
    for (const [fields, answer, reason] of rows) {
      const ports = fakePorts();
      const source = await door(ports, { type: 'native', ...fields });
      const take = createReceive(ports);
      for (let at = 0; at < 5; at++) {
        ports.clock.advance(1);
        assert.deepEqual(await take(typed(source)), { kind: answer });
        await take.settled();
      }
      const [event] = await news(ports);
      const data = JSON.parse(new TextDecoder().decode(event?.data)) as { rejected: number; reason: string };
      assert.deepEqual([data.rejected, data.reason], [5, reason]);
    }
  });

  test('that cannot be told is tried again a minute later', async () => {
    const on = await stage();
    const { ports } = on;
    const append = ports.store.append;
    let isAway = true;
    ports.store.append = (request) => (isAway ? Promise.reject(new Error('away')) : append(request));
    const take = createReceive(ports);
    await rejects(on, take, 6);
    assert.deepEqual(
      [ports.logged.filter((line) => line === 'announcement.failed').length, await news(ports)],
      [1, []],
    );
    isAway = false;
    ports.clock.advance(60_000);
    await rejects(on, take, 1);
    assert.equal((await news(ports)).length, 1);
  });
});
