import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '../../../test/support/eventually.ts';
import { batches } from './batches.ts';
import type { Database, Session } from './database.ts';
import { TIMES, type Times } from './roads.ts';

/** A database whose transactions end as the test says: with their answer, or with a failure after they were made. */
function databaseThat(fails: readonly (Error | null)[], times: Times): Pick<Database, 'transaction' | 'times'> {
  let transactions = 0;
  return {
    times,
    transaction: async (_road, work) => {
      const answer = await work({} as Session);
      const failure = fails[transactions++] ?? null;
      if (failure !== null) throw failure;
      return answer;
    },
  };
}

function echoing(fails: readonly (Error | null)[], times: Times = TIMES) {
  const seen: (readonly [request: string, repeated: boolean])[][] = [];
  const batch = batches<string, string>(databaseThat(fails, times), {
    road: 'append',
    maxInFlight: 1,
    operate: async (_session, calls) => {
      seen.push(calls.map(({ request, repeated }) => [request, repeated] as const));
      return calls.map(({ request }) => `${request}!`);
    },
  });
  return { batch, seen };
}

/** A clock that tests put ahead, so that no time passes but what they say. */
function movedTime(t: TestContext): (ms: number) => void {
  const real = performance.now.bind(performance);
  let aheadMs = 0;
  t.mock.method(performance, 'now', () => real() + aheadMs);
  return (ms) => {
    aheadMs += ms;
  };
}

const LOST = Object.assign(new Error('the connection is gone'), { code: 'ECONNRESET' });

test('a batch whose answer was lost is made again as one that may have been made', async () => {
  const { batch, seen } = echoing([LOST]);
  assert.deepEqual(await Promise.all(['a', 'b'].map((request) => batch.submit(request))), ['a!', 'b!']);
  assert.deepEqual(seen, [
    [
      ['a', false],
      ['b', false],
    ],
    [
      ['a', true],
      ['b', true],
    ],
  ]);
});

test('when the database stays away the caller is told so', async () => {
  const { batch, seen } = echoing([LOST, LOST, LOST]);
  await assert.rejects(batch.submit('a'), { code: 'STORE_UNAVAILABLE' });
  assert.equal(seen.length, 3);
  assert.equal(await batch.submit('b'), 'b!');
});

test('of a batch that fails each call is made alone', async () => {
  const { batch, seen } = echoing([new Error('a bug'), null, new Error('its bug')]);
  const outcomes = await Promise.allSettled(['a', 'b'].map((request) => batch.submit(request)));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.deepEqual(
    seen.map((calls) => calls.length),
    [2, 1, 1],
  );
});

test('a call that has waited too long for its turn is refused without being made, and the others are made', async (t) => {
  const pass = movedTime(t);
  const gate = Promise.withResolvers<void>();
  const made: string[] = [];
  const batch = batches<string, string>(databaseThat([], TIMES), {
    road: 'append',
    maxInFlight: 1,
    operate: async (_session, calls) => {
      made.push(...calls.map(({ request }) => request));
      if (made.length === 1) await gate.promise;
      return calls.map(({ request }) => `${request}!`);
    },
  });
  const first = batch.submit('first');
  await eventually('the first to be under way', () => made[0]);
  const refused = assert.rejects(batch.submit('late'), { code: 'STORE_UNAVAILABLE' });
  pass(TIMES.operationMs);
  const inTime = batch.submit('in time');
  gate.resolve();
  assert.deepEqual(await Promise.all([first, inTime]), ['first!', 'in time!']);
  await refused;
  assert.deepEqual(made, ['first', 'in time']);
});

test('a transaction has the time that is left for its calls, and is not made again without any', async (t) => {
  const pass = movedTime(t);
  const given: number[] = [];
  const database: Pick<Database, 'transaction' | 'times'> = {
    times: TIMES,
    transaction: async (_road, _work, withinMs = Number.MAX_VALUE) => {
      given.push(withinMs);
      pass(TIMES.operationMs);
      throw LOST;
    },
  };
  const batch = batches<string, string>(database, { road: 'append', maxInFlight: 1, operate: async () => [] });
  await assert.rejects(batch.submit('a'), { code: 'STORE_UNAVAILABLE' });
  assert.equal(given.length, 1);
  assert.ok(given.every((withinMs) => withinMs <= TIMES.operationMs));
});

test('what the caller has asked for before is made as such', async () => {
  const { batch, seen } = echoing([]);
  await batch.submit('a', true);
  assert.deepEqual(seen, [[['a', true]]]);
});
