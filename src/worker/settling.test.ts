import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, lastTicket, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { quiet } from '../../test/support/worker.ts';
import type { Settlement, SettleOutcome } from '../ports.ts';
import { createSettling } from './settling.ts';

async function postponement(ports: FakePorts): Promise<Settlement> {
  await emit(ports);
  return { ticket: lastTicket(ports), attempt: null, next: { kind: 'retry', delayMs: 1000 } };
}

test('a fault of who waits for a settlement neither repeats the batch nor keeps the others waiting', async () => {
  const ports = fakePorts();
  await subscribe(ports);
  const settling = createSettling(ports);
  const outcomes: SettleOutcome[] = [];
  settling.add(await postponement(ports), () => assert.fail('a bug'));
  settling.add(await postponement(ports), (outcome) => outcomes.push(outcome));
  await settling.flush();
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['settled'],
  );
  assert.deepEqual(ports.logged, ['settle.not_noticed']);
});

test('a batch that the store did not take is given to it again until it does', async () => {
  const ports = fakePorts();
  await subscribe(ports);
  const { settle } = ports.store;
  let failures = 2;
  ports.store.settle = (request) => (failures-- > 0 ? Promise.reject(new Error('disk')) : settle(request));
  const settling = createSettling(ports);
  const outcomes: SettleOutcome[] = [];
  settling.add(await postponement(ports), (outcome) => outcomes.push(outcome));
  for (let look = 0; look < 3; look++) {
    await quiet();
    ports.clock.advance(200);
  }
  await settling.flush();
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['settled'],
  );
});

test('hundreds of settlements go to the store in parts, so that an append gets between', async () => {
  const ports = fakePorts();
  await subscribe(ports);
  const settling = createSettling(ports);
  const { settle } = ports.store;
  const sizes: number[] = [];
  ports.store.settle = (request) => {
    sizes.push(request.settlements.length);
    return settle(request);
  };
  const settlement = await postponement(ports);
  for (let at = 0; at < 300; at++) settling.add(settlement, () => {});
  await settling.flush();
  assert.deepEqual(sizes, [128, 128, 44]);
});
