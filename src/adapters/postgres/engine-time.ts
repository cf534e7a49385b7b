import type { Session } from './session.ts';

/** The time of the database, in milliseconds: what everybody who shares the store goes by. */
export async function engineMs(session: Pick<Session, 'row'>): Promise<number> {
  const row = await session.row<{ now_ms: number }>('engine_ms');
  // Any time made up here would be written: retention and expiry would go by it.
  if (row === undefined) throw new Error('the database did not tell its time');
  return row.now_ms;
}
