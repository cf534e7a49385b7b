import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { answered, type FakePorts } from '../../test/support/ports.ts';
import { heldSender, pass, quiet, yard } from '../../test/support/worker.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { changeSubscription } from '../flows/change-subscription.ts';
import { pauseSubscription } from '../flows/pause-subscription.ts';

const MINUTE_MS = 60_000;
const STEADY = { maxRetries: 0, backoffType: 'fixed', backoffSeconds: 10 } as const;

const laneOf = (ports: FakePorts, id: Id) => ports.store.lane(id, 0);

/** Opens the circuit of the only subscription, and has one delivery wait in its lane. */
async function brokenDown(): Promise<{ ports: FakePorts; id: Id; openedMs: number }> {
  const { ports, worker } = yard();
  const { id } = await subscribe(ports, { retryPolicy: STEADY });
  await worker.start();
  for (let failures = 0; failures < 20; failures++) ports.answers.push(answered(503));
  for (let failures = 0; failures < 5; failures++) await emit(ports);
  await quiet();
  const openedMs = ports.clock.nowMs();
  await emit(ports);
  await quiet();
  return { ports, id, openedMs };
}

test('a circuit that opens tells the store by when it is probed, and with each probe by when the next one is', async () => {
  const { ports, id, openedMs } = await brokenDown();
  const opened = await laneOf(ports, id);
  assert.deepEqual([opened?.reason, opened?.probeAtMs], ['circuit', openedMs + MINUTE_MS]);
  for (let probes = 1; probes <= 2; probes++) {
    // What was probed has closed: another one waits.
    await emit(ports);
    const told = (await laneOf(ports, id))?.probeAtMs ?? assert.fail('a time is told');
    await pass(ports, told - ports.clock.nowMs() - 500);
    assert.equal(ports.sent.length, 4 + probes, 'not before');
    await pass(ports, 1000);
    assert.equal(ports.sent.length, 5 + probes, 'by then');
    const next = await laneOf(ports, id);
    assert.equal(next?.sinceMs, opened?.sinceMs, 'it has been open all the time');
    assert.ok((next?.probeAtMs ?? 0) > told + MINUTE_MS - 1000 && (next?.probeAtMs ?? 0) <= told + MINUTE_MS + 500);
  }
});

test('a retry that is the probe puts the next one off, and it is told when it begins', async () => {
  const { ports, worker } = yard();
  const { sender, held } = heldSender();
  const failing = { ...STEADY, maxRetries: 5 };
  const { id } = await subscribe(ports, { retryPolicy: failing });
  await worker.start();
  for (let failures = 0; failures < 5; failures++) {
    ports.answers.push(answered(503));
    await emit(ports);
  }
  await quiet();
  const before = (await laneOf(ports, id))?.probeAtMs ?? assert.fail('its circuit is open');
  ports.sender.send = sender.send;
  await pass(ports, 11_000);
  assert.equal(held.length, 1, 'one of the retries is the probe, and is on its way');
  const during = (await laneOf(ports, id))?.probeAtMs ?? 0;
  assert.ok(during >= before + 9_000 && during <= ports.clock.nowMs() + MINUTE_MS);
});

test('what closes a circuit takes its time away', async () => {
  const { ports, id } = await brokenDown();
  ports.answers.length = 0;
  ports.answers.push(answered(200));
  await pass(ports, MINUTE_MS + 1000, 1000);
  const lane = await laneOf(ports, id);
  assert.notEqual(lane?.reason, 'circuit');
  assert.equal(lane?.probeAtMs ?? null, null);
});

test('another URL during a pause closes the circuit in the store too', async () => {
  const { ports, id } = await brokenDown();
  const subscription = { tenant: DEFAULT_TENANT, id };
  await pauseSubscription(ports, { ...subscription, paused: true });
  await changeSubscription(ports, { ...subscription, patch: { url: 'https://other.example/hook' }, ifVersion: null });
  await quiet();
  assert.equal((await laneOf(ports, id))?.reason, 'full');
});
