import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runUntil, virtualClock } from './virtual-clock.ts';

test('timers ring in order of time, each after what the one before it set off', async () => {
  const clock = virtualClock();
  const rung: string[] = [];
  const ring = (name: string) => rung.push(`${name} at ${clock.monotonicMs()}`);
  clock.after(300, () => ring('late'));
  clock.after(100, () => {
    ring('early');
    void Promise.resolve().then(() => clock.after(50, () => ring('set off by it')));
  });
  const cancel = clock.after(120, () => ring('cancelled'));
  cancel();
  clock.after(1001, () => ring('after the end'));
  await runUntil(clock, 1000);
  assert.deepEqual(rung, ['early at 100', 'set off by it at 150', 'late at 300']);
  assert.equal(clock.monotonicMs(), 1000);
});
