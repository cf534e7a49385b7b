/** What readiness and metrics ask about. */
import type { Pulse } from '../../ports/store.ts';
import type { Session } from './database.ts';

const MAX_COUNTED = 10_000;

export async function pulse(session: Session, shards: number): Promise<Pulse> {
  type Row = { now_ms: number; oldest_due_ms: number | null; due: number };
  const row = await session.row<Row>('pulse', { shards, most: MAX_COUNTED });
  const { now_ms: nowMs = 0, oldest_due_ms: oldestDueMs = null, due = 0 } = row ?? {};
  return { nowMs, oldestDueMs: oldestDueMs !== null && oldestDueMs <= nowMs ? oldestDueMs : null, due };
}
