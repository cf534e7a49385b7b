/** Who takes part in the leases, and the locks by which others learn that an owner lives. */
import type { Id } from '../../core/ids.ts';
import type { Attendance } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { OWNERS } from './locks.ts';

/** The owners that are this process. */
export interface Owners {
  /** All that it attends as; each is alive, whoever else may try its lock on this connection. */
  own: ReadonlySet<Id>;
  /** Those whose lock the connection holds. */
  held: Set<Id>;
}

interface AttendanceRow {
  now_ms: number;
  held: boolean;
  present: readonly Id[];
  silent: readonly Id[];
}

export async function attend(session: Session, owner: Id, ttlMs: number, { own, held }: Owners): Promise<Attendance> {
  const row = await session.row<AttendanceRow>('attend', {
    owner,
    ttl: ttlMs,
    hold: !held.has(owner),
    mine: [...own],
    space: OWNERS,
  });
  if (row === undefined) throw new Error('an attendance without an answer');
  if (row.held) held.add(owner);
  return { nowMs: row.now_ms, present: row.present, silent: row.silent };
}

/** Takes the locks of owners on a new connection; those that could be had. */
export async function hold(session: Session, owners: ReadonlySet<Id>): Promise<Set<Id>> {
  if (owners.size === 0) return new Set();
  const rows = await session.rows<{ id: Id }>('hold_owners', { owners: [...owners], space: OWNERS });
  return new Set(rows.map(({ id }) => id));
}

export async function depart(session: Session, owner: Id, { held }: Owners): Promise<void> {
  await session.rows('depart', { owner, held: held.has(owner), space: OWNERS });
  held.delete(owner);
}
