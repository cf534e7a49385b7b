import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeRandom } from '../../test/support/ports.ts';
import { steppedClock } from '../../test/support/stepped-clock.ts';
import { pause } from '../../test/support/worker.ts';
import { createRounds } from './rounds.ts';

/** Rounds over a stepped clock, and when each began. */
function rung(more = () => false) {
  const clock = steppedClock();
  const atMs: number[] = [];
  const partAtMs: number[] = [];
  const rounds = createRounds({ clock, random: fakeRandom() }, async (isWhole) => {
    (isWhole ? atMs : partAtMs).push(clock.monotonicMs());
    return more();
  });
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      await pause();
    }
  }
  return { rounds, atMs, partAtMs, pass };
}

test('idle rounds are half a second apart', async () => {
  const { rounds, atMs, pass } = rung();
  await rounds.start();
  await pass(1600);
  assert.deepEqual(atMs, [0, 500, 1000, 1500]);
});

test('while there is more to do, rounds follow closely', async () => {
  const { rounds, atMs, pass } = rung(() => atMs.length < 4);
  await rounds.start();
  await pass(200);
  assert.deepEqual(atMs, [0, 20, 40, 60]);
});

test('each thing that falls due gets its round, whatever the order in which they were noted', async () => {
  const { rounds, atMs, pass } = rung();
  await rounds.start();
  for (const delayMs of [300, 100, 200, 100]) rounds.hint(delayMs);
  await pass(400);
  assert.deepEqual(atMs, [0, 100, 200, 300]);
});

test('what falls due far ahead is left to the idle rounds', async () => {
  const { rounds, atMs, pass } = rung();
  await rounds.start();
  rounds.hint(3_600_000);
  await pass(600);
  assert.deepEqual(atMs, [0, 500]);
});

test('a stream of hints does not put the idle rounds off', async () => {
  const { rounds, atMs, pass } = rung();
  await rounds.start();
  for (let at = 0; at < 16; at++) {
    rounds.hint(30_000);
    await pass(100);
  }
  assert.deepEqual(atMs, [0, 500, 1000, 1500]);
});

test('after stopping there are no rounds', async () => {
  const { rounds, atMs, pass } = rung();
  await rounds.start();
  rounds.hint(50);
  rounds.stop();
  await pass(2000);
  assert.deepEqual(atMs, [0]);
});

test('rounds of a part come at once and put the whole one off by nothing', async () => {
  const { rounds, atMs, partAtMs, pass } = rung();
  await rounds.start();
  for (let at = 0; at < 11; at++) {
    rounds.hint(0, 'part');
    await pass(100);
  }
  assert.deepEqual(atMs, [0, 500, 1000]);
  assert.deepEqual(partAtMs.slice(0, 3), [0, 100, 200]);
});

test('a hint about everything makes the round of a part a whole one', async () => {
  const { rounds, atMs, partAtMs, pass } = rung();
  await rounds.start();
  rounds.hint(40, 'part');
  rounds.hint(40);
  rounds.hint(40, 'part');
  await pass(100);
  assert.deepEqual([atMs, partAtMs], [[0, 40], []]);
});
