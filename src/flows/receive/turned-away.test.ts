import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { door, receipts, SOURCE_SECRET, typed } from '../../../test/support/inbound.ts';
import { type FakePorts, fakePorts } from '../../../test/support/ports.ts';
import { createReceive } from '../receive.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A source that takes nothing from where the requests of this file come from; `writes` are the times of its receipts. */
async function listed(ports: FakePorts) {
  const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, ipAllowList: ['198.51.100.7'] });
  const writes: number[] = [];
  const { recordReceipt } = ports.store;
  ports.store.recordReceipt = (request) => {
    writes.push(ports.clock.monotonicMs());
    return recordReceipt(request);
  };
  const take = createReceive(ports);
  const send = async (count: number) => {
    for (let at = 0; at < count; at++) {
      assert.deepEqual(await take(typed(source)), { kind: 'no_such_door' });
      await nextTurn();
      await nextTurn();
    }
  };
  return { take, send, writes };
}

describe('who comes from an address off the list', () => {
  test('is noted down in no turn that follows an answer, and with others, some time later', async () => {
    const ports = fakePorts();
    const { take, send, writes } = await listed(ports);
    const fromMs = ports.clock.monotonicMs();
    await send(3);
    assert.deepEqual(writes, []);
    ports.clock.advance(999);
    await nextTurn();
    assert.deepEqual(writes, []);
    ports.clock.advance(1001);
    await take.settled();
    assert.equal(writes.length, 3);
    assert.ok(writes.every((atMs) => atMs > fromMs + 1000 && atMs <= fromMs + 2000));
    await send(1);
    ports.clock.advance(2000);
    await take.settled();
    assert.equal((await receipts(ports)).length, 4);
  });

  test('is noted down at once when the process stops', async () => {
    const ports = fakePorts();
    const { take, send, writes } = await listed(ports);
    await send(3);
    await take.settled();
    assert.equal((await receipts(ports)).length, 3);
    ports.clock.advance(5000);
    await take.settled();
    assert.equal(writes.length, 3);
  });

  test('leaves no receipt where the store is away, and the log says so', async () => {
    const ports = fakePorts();
    const { take, send } = await listed(ports);
    ports.store.recordReceipt = () => Promise.reject(new Error('away'));
    await send(1);
    await take.settled();
    assert.ok(ports.logged.includes('receipt.not_kept'));
  });
});
