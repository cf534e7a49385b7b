import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { isStoreAway } from '../../core/store-away.ts';
import { asError, withCodes } from './unavailable.ts';

function thrownBy(run: (database: DatabaseSync) => void): unknown {
  const database = new DatabaseSync(':memory:');
  try {
    database.exec('pragma max_page_count = 3; create table t (b blob)');
    run(database);
    return assert.fail('nothing was thrown');
  } catch (error) {
    return error;
  } finally {
    database.close();
  }
}

/** As an error arrives on the main thread. */
function crossed(thrown: unknown): unknown {
  const [error] = withCodes([structuredClone(asError(thrown))]);
  return error;
}

test('a full disk is a store that is away, also after the error has crossed threads', () => {
  const error = crossed(thrownBy((database) => database.exec('insert into t values (zeroblob(100000))')));
  assert.ok(isStoreAway(error));
});

test('a mistake in a statement is a bug', () => {
  const error = crossed(thrownBy((database) => database.exec('no such statement')));
  assert.ok(error instanceof Error);
  assert.equal(isStoreAway(error), false);
});

test('answers that are no errors are left alone', () => {
  const answers = [null, 0, { code: 1 }, 'STORE_UNAVAILABLE'];
  assert.deepEqual(withCodes([...answers]), answers);
});
