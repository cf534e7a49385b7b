import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { add, createTimeline, nextAtMs, takeDue } from './timeline.ts';

test('an empty timeline has no next time and nothing due', () => {
  const timeline = createTimeline<string>();
  assert.equal(nextAtMs(timeline), null);
  assert.equal(takeDue(timeline, Infinity), undefined);
});

test('a value is due at its time and not before', () => {
  const timeline = createTimeline<string>();
  add(timeline, 20, 'later');
  add(timeline, 10, 'sooner');
  assert.equal(nextAtMs(timeline), 10);
  assert.equal(takeDue(timeline, 9), undefined);
  assert.equal(takeDue(timeline, 10), 'sooner');
  assert.equal(takeDue(timeline, 10), undefined);
  assert.equal(nextAtMs(timeline), 20);
});

test('whatever comes in meanwhile, values leave earliest first and none is lost', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), atMs: fc.nat(50) }),
    fc.record({ kind: fc.constant('take' as const), atMs: fc.nat(50) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const timeline = createTimeline<number>();
      const model: number[] = [];
      for (const { kind, atMs } of steps) {
        if (kind === 'add') {
          add(timeline, atMs, atMs);
          model.push(atMs);
          model.sort((a, b) => a - b);
        } else {
          const due = (model[0] ?? Infinity) <= atMs ? model.shift() : undefined;
          assert.equal(takeDue(timeline, atMs), due);
        }
        assert.equal(nextAtMs(timeline), model[0] ?? null);
      }
    }),
    { numRuns: 200 },
  );
});
