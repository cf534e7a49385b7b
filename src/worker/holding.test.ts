import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, subscribe } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { pass, quiet, yard } from '../../test/support/worker.ts';
import { push } from '../core/fairness.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { isFull, laneRoom } from './holding.ts';
import type { Item } from './item.ts';
import { DEFAULT_LIMITS } from './loop.ts';
import { createTurns, type Turns } from './turns.ts';

const OURS = { safe: () => true, isOurs: () => true, counts: () => true };
const HOOKS = { ...OURS, tried: () => {}, counted: () => {}, left: () => {} };
const LIMITS = { ...DEFAULT_LIMITS, perSubscription: 4, spare: 8, maxQueuedBytes: 1000 };

/** Turns in whose line-up nothing starts. */
function turnsOf(ports = fakePorts()): Turns {
  return createTurns(ports, LIMITS, HOOKS);
}

/** Only its size counts here: nobody takes it out. */
const SOMETHING = {} as Item;

function queue(turns: Turns, id: Id, count: number, bytes = 0): void {
  const entry = { id, tenant: DEFAULT_TENANT, retry: false, bytes, item: SOMETHING };
  for (let at = 0; at < count; at++) push(turns.lineup, entry, 1);
}

test('nothing more is read from the store once so many wait, or so many bytes', () => {
  const many = turnsOf();
  queue(many, 'a', 191);
  assert.equal(isFull(many), false);
  queue(many, 'b', 1);
  assert.equal(isFull(many), true);
  const large = turnsOf();
  queue(large, 'a', 1, 1999);
  assert.equal(isFull(large), false);
  queue(large, 'a', 1, 1);
  assert.equal(isFull(large), true);
});

test('a lane gives half a queue at most, and while many wait what its receiver can take at once or nothing', async () => {
  const ports = fakePorts();
  const { id } = await subscribe(ports, { maxConcurrency: 1 });
  const { id: wide } = await subscribe(ports, { maxConcurrency: 500 });
  const turns = turnsOf(ports);
  assert.deepEqual([laneRoom(turns, id), laneRoom(turns, wide)], [2, 2]);
  queue(turns, 'others', 8);
  assert.deepEqual([laneRoom(turns, id), laneRoom(turns, wide)], [1, 2]);
  queue(turns, id, 1);
  assert.equal(laneRoom(turns, id), 0);
});

test('while the store takes no results, sending stops, and goes on when it does', async () => {
  const { ports, worker } = yard();
  await worker.start();
  await subscribe(ports, { maxConcurrency: 1000 });
  const { settle } = ports.store;
  const taken = Promise.withResolvers<void>();
  ports.store.settle = async (request) => {
    await taken.promise;
    return settle(request);
  };
  for (let at = 0; at < 3000; at++) await emit(ports);
  for (let turns = 0; turns < 10; turns++) await quiet();
  const { length } = ports.sent;
  assert.ok(length >= 2048 && length < 2200, `${length} sent`);
  taken.resolve();
  await pass(ports, 5000);
  assert.equal(ports.sent.length, 3000);
});
