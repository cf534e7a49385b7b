import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { answered } from '../../test/support/ports.ts';
import { pass, quiet, type Yard, yard } from '../../test/support/worker.ts';

/** When a receiver that is down is probed, in seconds, while the lease is lost for a moment again and again. */
async function probedSeconds({ ports, worker }: Yard): Promise<number[]> {
  await subscribe(ports, { retryPolicy: { maxRetries: 100, backoffType: 'fixed', backoffSeconds: 10 } });
  await worker.start();
  for (let tries = 0; tries < 105; tries++) ports.answers.push(answered(503));
  for (let failures = 0; failures < 5; failures++) await emit(ports);
  await quiet();
  const { renew } = ports.store;
  const probedAt: number[] = [];
  let seen = ports.sent.length;
  for (let second = 0; second < 600; second++) {
    // What is not renewed for ten seconds runs out, and is taken again.
    ports.store.renew = second % 30 < 12 ? async () => [] : renew;
    await pass(ports, 1_000, 1_000);
    for (; seen < ports.sent.length; seen++) probedAt.push(second);
  }
  return probedAt;
}

function assertApart(seconds: readonly number[]): void {
  const gaps = seconds.slice(1).map((second, at) => second - (seconds[at] ?? 0));
  assert.ok(gaps.length > 5 && Math.min(...gaps) >= 30, `${gaps}`);
}

test('a receiver that is down is probed no more often because a lease was lost for a moment', async () => {
  assertApart(await probedSeconds(yard()));
});

test('a probe that has to be noted before it is sent counts from when it is sent', async () => {
  const place = yard();
  const { clock, store } = place.ports;
  const { intend } = store;
  let times = 0;
  store.intend = async (tries) => {
    times++;
    await new Promise<void>((resolve) => clock.after(8_000, resolve));
    return intend(tries);
  };
  assertApart(await probedSeconds(place));
  assert.ok(times > 0, 'none was noted');
});
