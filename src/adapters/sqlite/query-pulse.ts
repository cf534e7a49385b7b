/** What readiness and metrics ask about. */
import type { Pulse } from '../../ports/store.ts';
import type { Database } from './database.ts';

const MAX_COUNTED = 10_000;

export function pulse(db: Database, shardCount: number, nowMs: number): Pulse {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  const oldest = shards.flatMap((shard) => db.get<{ due_ms: number }>('oldest_due', shard)?.due_ms ?? []);
  const oldestDueMs = Math.min(...oldest, Number.POSITIVE_INFINITY);
  let due = 0;
  for (const shard of shards) {
    due += db.get<{ count: number }>('count_due', shard, nowMs, MAX_COUNTED - due)?.count ?? 0;
  }
  return { nowMs, oldestDueMs: oldestDueMs <= nowMs ? oldestDueMs : null, due };
}
