/** What readiness asks: when the oldest of what is due fell due. */
import type { Pulse } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { type Timed, timeOf } from './engine-time.ts';

export async function pulse(session: Session, shards: number): Promise<Pulse> {
  const row = await session.row<Timed & { oldest_due_ms: number | null }>('pulse', { shards });
  const nowMs = timeOf(row);
  const oldestDueMs = row?.oldest_due_ms ?? null;
  return { nowMs, oldestDueMs: oldestDueMs !== null && oldestDueMs <= nowMs ? oldestDueMs : null };
}
