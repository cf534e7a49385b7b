import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batches } from './batches.ts';
import type { Database, Session } from './database.ts';

/** A database whose transactions end as the test says: with their answer, or with a failure after they were made. */
function databaseThat(fails: readonly (Error | null)[]): Pick<Database, 'transaction'> {
  let transactions = 0;
  return {
    transaction: async (_road, work) => {
      const answer = await work({} as Session);
      const failure = fails[transactions++] ?? null;
      if (failure !== null) throw failure;
      return answer;
    },
  };
}

function echoing(fails: readonly (Error | null)[]) {
  const seen: (readonly [request: string, repeated: boolean])[][] = [];
  const batch = batches<string, string>(databaseThat(fails), {
    road: 'append',
    maxInFlight: 1,
    operate: async (_session, calls) => {
      seen.push(calls.map(({ request, repeated }) => [request, repeated] as const));
      return calls.map(({ request }) => `${request}!`);
    },
  });
  return { batch, seen };
}

const LOST = Object.assign(new Error('the connection is gone'), { code: 'ECONNRESET' });

test('a batch whose answer was lost is made again as one that may have been made', async () => {
  const { batch, seen } = echoing([LOST]);
  assert.deepEqual(await Promise.all(['a', 'b'].map(batch.submit)), ['a!', 'b!']);
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
  const outcomes = await Promise.allSettled(['a', 'b'].map(batch.submit));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.deepEqual(
    seen.map((calls) => calls.length),
    [2, 1, 1],
  );
});
