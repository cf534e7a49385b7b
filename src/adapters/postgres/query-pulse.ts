/** What readiness asks: when the oldest of what is due fell due. */
import type { Pulse } from '../../ports/store.ts';
import type { Session } from './database.ts';

export async function pulse(session: Session, shards: number): Promise<Pulse> {
  type Row = { now_ms: number; oldest_due_ms: number | null };
  const row = await session.row<Row>('pulse', { shards });
  const { now_ms: nowMs = 0, oldest_due_ms: oldestDueMs = null } = row ?? {};
  return { nowMs, oldestDueMs: oldestDueMs !== null && oldestDueMs <= nowMs ? oldestDueMs : null };
}
