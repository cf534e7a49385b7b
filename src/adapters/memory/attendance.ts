/** Who takes part in the leases, and who of them is silent. */
import type { Id } from '../../core/ids.ts';
import type { Attendance } from '../../ports/store.ts';
import { compareText } from './ordered.ts';
import type { Tables } from './tables.ts';

export function attend(tables: Tables, owner: Id, ttlMs: number): Attendance {
  const nowMs = tables.nowMs();
  tables.living.add(owner);
  tables.nodes.set(owner, nowMs + ttlMs);
  for (const [id, untilMs] of tables.nodes) if (untilMs <= nowMs) tables.nodes.delete(id);
  const present = [...tables.nodes.keys()].toSorted(compareText);
  const owners = [...tables.leases.values()].filter((held) => !held.released).map((held) => held.owner);
  const silent = [...new Set([...present, ...owners])].filter((id) => !tables.living.has(id)).toSorted(compareText);
  return { nowMs, present, silent };
}

export function depart(tables: Tables, owner: Id): void {
  tables.nodes.delete(owner);
  tables.living.delete(owner);
}
