import assert from 'node:assert/strict';
import test from 'node:test';
import { engineMs } from './engine-time.ts';
import { maintain } from './maintain.ts';
import { partitionsAhead } from './partitions.ts';
import type { Session } from './session.ts';

/** A session whose database answers everything with no row, and what was asked of it. */
function silent(): { session: Session; asked: string[] } {
  const asked: string[] = [];
  const note = (statement: string | readonly string[]) => asked.push(String(statement));
  const session = {
    row: async (statement: string) => void note(statement),
    rows: async (statement: string) => note(statement) && [],
    run: async (statement: string) => note(statement) && 0,
  };
  return { session: session as unknown as Session, asked };
}

test('the time is what the database says', async () => {
  const session = { row: async () => ({ now_ms: 1_700_000_000_000 }) } as unknown as Session;
  assert.equal(await engineMs(session), 1_700_000_000_000);
});

test('where the database does not tell its time, nothing is written by another', async () => {
  const { session, asked } = silent();
  await assert.rejects(maintain(session), /did not tell its time/);
  assert.deepEqual(asked, ['engine_ms']);
});

test('weeks are not made for a time that nobody told', async () => {
  const { session, asked } = silent();
  const told: string[] = [];
  const log = { debug() {}, info() {}, warn: (event: string) => void told.push(event), error() {} };
  const database = { use: async (_road: string, work: (of: Session) => unknown) => work(session) };
  await partitionsAhead({ ...database, transaction: database.use } as never, log)();
  assert.deepEqual([asked, told], [['engine_ms'], ['partition.failed']]);
});
