import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKnown } from './known.ts';

const ticket = { deliveryId: 'd', place: { kind: 'due', shard: 0, dueMs: 0 } } as const;

test('a try has begun until its delivery is forgotten, though it ended before', () => {
  const known = createKnown(1);
  known.add(ticket);
  assert.equal(known.hasBegun('d'), false);
  known.tryBegins(ticket);
  known.tryEnds(0);
  assert.deepEqual([known.hasBegun('d'), known.inFlight(0)], [true, 0]);
  known.delete(ticket);
  assert.equal(known.hasBegun('d'), false);
});

test('what was under way when its process ended may have arrived before it is sent again', () => {
  const known = createKnown(1);
  known.add(ticket, true);
  assert.equal(known.hasBegun('d'), true);
});
