import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deliveryIdFor, firstIdAt, idAt, idBeside, idMs, isId, shardOf } from './ids.ts';

const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const EVENT = '01994a3c-7b20-7abc-8def-0123456789ab';
const SUBSCRIPTION = '01994a3c-0000-7000-8000-0000000000ff';

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const ms = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const random = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe('an id', () => {
  test('is a version 7 UUID that carries its millisecond', () => {
    fc.assert(
      fc.property(ms, random, (atMs, bytes) => {
        const id = idAt(atMs, bytes);
        assert.match(id, V7);
        assert.ok(isId(id));
        assert.equal(idMs(id), atMs);
      }),
    );
  });

  test('holds all 74 random bits that version 7 has room for', () => {
    const plain = idAt(0, new Uint8Array(16));
    const heard = Array.from({ length: 128 }, (_, bit) => {
      const bytes = new Uint8Array(16);
      bytes[bit >> 3] = 1 << (bit & 7);
      return idAt(0, bytes);
    }).filter((id) => id !== plain);
    assert.equal(new Set(heard).size, 74);
  });

  test('has one on each side, which sorts directly before or after it, but at the ends', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        assert.ok(idBeside(id, -1) < id && id < idBeside(id, 1));
        assert.equal(idBeside(idBeside(id, 1), -1), id);
        assert.ok(isId(idBeside(id, 1)));
      }),
    );
    const [first, last] = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
    assert.deepEqual([idBeside(first, -1), idBeside(last, 1)], [first, last]);
    assert.equal(idBeside('01994a3c-7b20-7abc-8def-ffffffffffff', 1), '01994a3c-7b20-7abc-8df0-000000000000');
  });

  test('sorts by time: the first id of a millisecond stands before all of it and after all before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), random, (atMs, bytes) => {
        assert.ok(firstIdAt(atMs) <= idAt(atMs, bytes));
        assert.ok(firstIdAt(atMs) > idAt(atMs - 1, bytes));
      }),
    );
  });

  test('of a time that no id can carry is still an id', () => {
    for (const atMs of [-1, 8.64e15, 0.5]) assert.match(firstIdAt(atMs), V7);
  });

  test('is told from other text', () => {
    assert.ok(isId(EVENT));
    for (const text of ['', EVENT.toUpperCase(), `${EVENT} `, `${EVENT}\n`, EVENT.replaceAll('-', '')]) {
      assert.ok(!isId(text), text);
    }
  });
});

describe('the first delivery of an event to a subscription', () => {
  test('has the id worked out by hand from the two ids', () => {
    assert.equal(deliveryIdFor(EVENT, SUBSCRIPTION, sha256), '01994a3c-7b20-75c6-910e-2a5d0f2af056');
  });

  test('has a version 7 id with the millisecond of the event, the same each time and another for another receiver', () => {
    fc.assert(
      fc.property(ms, random, random, (atMs, one, other) => {
        const [event, subscription] = [idAt(atMs, one), idAt(atMs, other)];
        const id = deliveryIdFor(event, subscription, sha256);
        assert.match(id, V7);
        assert.equal(idMs(id), atMs);
        assert.equal(deliveryIdFor(event, subscription, sha256), id);
        assert.notEqual(deliveryIdFor(event, SUBSCRIPTION, sha256), id);
      }),
    );
  });

  test('has the same id from a digest that is a slice of a larger buffer', () => {
    const sliced = (text: string) => Buffer.concat([Buffer.alloc(5, 1), sha256(text)]).subarray(5);
    assert.equal(deliveryIdFor(EVENT, SUBSCRIPTION, sliced), deliveryIdFor(EVENT, SUBSCRIPTION, sha256));
  });
});

test('a subscription lives on the shard its last byte names', () => {
  assert.equal(shardOf(SUBSCRIPTION, 256), 255);
  assert.equal(shardOf(SUBSCRIPTION, 16), 15);
  assert.equal(shardOf(SUBSCRIPTION, 1), 0);
});
