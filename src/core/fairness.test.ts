import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clear, createLineup, finish, hasRoom, type LineupLimits, push, take, waiting } from './fairness.ts';

const limits: LineupLimits = { perSubscription: 2, spare: 4, maxInFlight: 100 };

test('turns go round among subscriptions, in order within each', () => {
  const lineup = createLineup<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) push(lineup, item.charAt(0), item, 8);
  const order = Array.from({ length: 6 }, () => take(lineup, limits)?.item);
  assert.deepEqual(order, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  assert.equal(take(lineup, limits), null);
});

test('a subscription never has more in flight than its cap, and others are served meanwhile', () => {
  const lineup = createLineup<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1']) push(lineup, item.charAt(0), item, 1);
  assert.equal(take(lineup, limits)?.item, 'a1');
  assert.equal(take(lineup, limits)?.item, 'b1');
  assert.equal(take(lineup, limits), null);
  finish(lineup, 'a');
  assert.equal(take(lineup, limits)?.item, 'a2');
});

test('work in flight over all is capped', () => {
  const lineup = createLineup<string>();
  for (const id of ['a', 'b', 'c']) push(lineup, id, id, 8);
  const tight = { ...limits, maxInFlight: 2 };
  assert.ok(take(lineup, tight) && take(lineup, tight));
  assert.equal(take(lineup, tight), null);
});

test('a queue has its own room always, and more while room is spare', () => {
  const lineup = createLineup<string>();
  for (let at = 0; at < 4; at++) {
    assert.equal(hasRoom(lineup, limits, 'a'), true);
    push(lineup, 'a', `a${at}`, 1);
  }
  assert.equal(hasRoom(lineup, limits, 'a'), false);
  assert.equal(hasRoom(lineup, limits, 'b'), true);
  push(lineup, 'b', 'b1', 1);
  push(lineup, 'b', 'b2', 1);
  assert.equal(hasRoom(lineup, limits, 'b'), false);
});

test('clearing drops what waits and keeps what is in flight counted', () => {
  const lineup = createLineup<string>();
  for (const item of ['a1', 'a2', 'b1']) push(lineup, item.charAt(0), item, 1);
  take(lineup, limits);
  assert.deepEqual(clear(lineup).sort(), ['a2', 'b1']);
  assert.equal(lineup.inFlight, 1);
  push(lineup, 'a', 'a3', 1);
  assert.equal(take(lineup, limits), null);
  finish(lineup, 'a');
  assert.equal(take(lineup, limits)?.item, 'a3');
});

test('whatever the order of calls, caps hold, nothing is lost and every queue is first in, first out', () => {
  const step = fc.record({ id: fc.constantFrom('a', 'b', 'c'), kind: fc.constantFrom('push', 'take', 'finish') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000 }), (steps) => {
      const lineup = createLineup<number>();
      const flying: string[] = [];
      const last = new Map<string, number>();
      let pushed = 0;
      let taken = 0;
      for (const { id, kind } of steps) {
        if (kind === 'push') push(lineup, id, pushed++, 3);
        if (kind === 'finish' && flying.length > 0) finish(lineup, flying.shift() ?? '');
        const next = kind === 'take' ? take(lineup, { ...limits, maxInFlight: 5 }) : null;
        if (next === null) continue;
        assert.ok(next.item > (last.get(next.id) ?? -1));
        last.set(next.id, next.item);
        flying.push(next.id);
        taken++;
        assert.ok(flying.filter((other) => other === next.id).length <= 3 && flying.length <= 5);
      }
      assert.equal(lineup.queued, pushed - taken);
      assert.equal(
        ['a', 'b', 'c'].reduce((sum, id) => sum + waiting(lineup, id), 0),
        pushed - taken,
      );
    }),
    { numRuns: 100 },
  );
});
