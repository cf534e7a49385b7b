/** What readiness asks: when the oldest of what is due fell due. */
import type { Pulse } from '../../ports/store.ts';
import type { Database } from './database.ts';

export function pulse(db: Database, shardCount: number, nowMs: number): Pulse {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  const oldest = shards.flatMap((shard) => db.get<{ due_ms: number }>('oldest_due', shard)?.due_ms ?? []);
  const oldestDueMs = Math.min(...oldest, Number.POSITIVE_INFINITY);
  return { nowMs, oldestDueMs: oldestDueMs <= nowMs ? oldestDueMs : null };
}
