import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroupCommit } from './group-commit.ts';

interface Turn {
  batch: readonly string[];
  answer(): void;
  fail(at: number): void;
  lose(): void;
}

/** An engine whose batches are answered one by one, in the order the test says. */
function engine(options: { maxBatch?: number; maxLength?: number; repeats?: boolean } = {}) {
  const turns: Turn[] = [];
  const commits = createGroupCommit<string, string>({
    execute: (batch) =>
      new Promise((resolve, reject) => {
        const done = batch.map((call) => `${call}!`);
        turns.push({
          batch,
          answer: () => resolve(done),
          fail: (at) => resolve(done.map((answer, n) => (n === at ? new Error('bad') : answer))),
          lose: () => reject(new Error('lost')),
        });
      }),
    repeat: (call) => (options.repeats === false ? null : `${call} again`),
    maxBatch: options.maxBatch ?? 10,
    ...(options.maxLength && { weight: { max: options.maxLength, of: (call) => call.length } }),
    maxInFlight: 2,
  });
  const turn = (at: number): Turn => {
    const found = turns[at];
    assert.ok(found, `no turn ${at}`);
    return found;
  };
  return { commits, turns, turn };
}

/** Lets everything that is ready run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('what is submitted together is committed together', async () => {
  const { commits, turns, turn } = engine();
  const answers = Promise.all([commits.submit('a'), commits.submit('b')]);
  await settled();
  assert.deepEqual([turns.length, turn(0).batch], [1, ['a', 'b']]);
  turn(0).answer();
  assert.deepEqual(await answers, ['a!', 'b!']);
});

test('while two batches are under way the next one collects', async () => {
  const { commits, turns, turn } = engine();
  const answers: Promise<string>[] = [];
  for (const call of ['a', 'b', 'c', 'd']) {
    answers.push(commits.submit(call));
    await settled();
  }
  assert.deepEqual(
    turns.map(({ batch }) => batch),
    [['a'], ['b']],
  );
  turn(0).answer();
  await settled();
  assert.deepEqual(turn(2).batch, ['c', 'd']);
  turn(1).answer();
  turn(2).answer();
  assert.deepEqual(await Promise.all(answers), ['a!', 'b!', 'c!', 'd!']);
});

test('a batch has its limit', async () => {
  const { commits, turns } = engine({ maxBatch: 2 });
  for (const call of ['a', 'b', 'c']) void commits.submit(call);
  await settled();
  assert.deepEqual(
    turns.map(({ batch }) => batch),
    [['a', 'b'], ['c']],
  );
});

test('a batch has its weight, and what alone weighs more is a batch alone', async () => {
  const { commits, turns, turn } = engine({ maxLength: 4 });
  const calls = ['aaaaaa', 'bb', 'bb', 'c', 'dddd'];
  const answers = Promise.all(calls.map((call) => commits.submit(call)));
  for (let at = 0; at < 4; at++) {
    await settled();
    turn(at).answer();
  }
  await answers;
  assert.deepEqual(
    turns.map(({ batch }) => batch),
    [['aaaaaa'], ['bb', 'bb'], ['c'], ['dddd']],
  );
});

test('a call that fails fails alone', async () => {
  const { commits, turn } = engine();
  const [a, b] = [commits.submit('a'), commits.submit('b')];
  await settled();
  turn(0).fail(0);
  await assert.rejects(a, /bad/);
  assert.equal(await b, 'b!');
});

test('a lost batch is repeated before anything newer', async () => {
  const { commits, turn } = engine({ maxBatch: 2 });
  const answers = ['a', 'b', 'c', 'd', 'e'].map((call) => commits.submit(call));
  await settled();
  turn(0).lose();
  await settled();
  assert.deepEqual(turn(2).batch, ['a again', 'b again']);
  turn(2).answer();
  turn(1).answer();
  await settled();
  turn(3).answer();
  assert.deepEqual(await Promise.all(answers), ['a again!', 'b again!', 'c!', 'd!', 'e!']);
});

test('what may not be made twice is rejected with the loss', async () => {
  const { commits, turns, turn } = engine({ repeats: false });
  const answer = commits.submit('a');
  await settled();
  turn(0).lose();
  await assert.rejects(answer, /lost/);
  await commits.idle();
  assert.equal(turns.length, 1);
});

test('idle waits for what is under way', async () => {
  const { commits, turn } = engine();
  let idle = false;
  const answer = commits.submit('a');
  const waiting = commits.idle().then(() => {
    idle = true;
  });
  await settled();
  assert.equal(idle, false);
  turn(0).answer();
  await Promise.all([answer, waiting]);
  assert.equal(idle, true);
});
