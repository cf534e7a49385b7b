/** What is known of a source whose requests are rejected one after the other. Times are milliseconds since the epoch. */
import type { Id } from './ids.ts';
import type { Receipt } from './receipt.ts';
import { ourRemedy } from './receipt-diagnosis.ts';
import type { SourceType } from './source.ts';
import { isoTime } from './time.ts';

/** So many rejected requests in a row, with none that was proved between them, and a source is rejecting. */
export const REJECTING_AFTER = 5;

/** What a source is called where it is spoken of. */
export interface SourceName {
  id: Id;
  name: string;
  type: SourceType;
}

/** A row of rejected requests that goes on. */
export interface Rejecting {
  /** How many of them are kept. */
  rejected: number;
  /** When the first of those came. */
  sinceMs: number;
  /** Why the latest was rejected. */
  reason: string;
  /** The receipt of the last request that was proved before them; null where none was. It names the row. */
  after: Id | null;
}

/** The news that a source is rejecting. Its `id` is the same for the same row, however it has grown. */
export interface RejectingEvent {
  type: 'source.rejecting';
  id: string;
  data: { source: SourceName; rejected: number; since: string; reason: string };
}

/** What is open about a source, as warnings are listed. */
export interface RejectingWarning {
  kind: 'rejecting';
  /** No source belongs to an owner: it is the whole tenant's. */
  source: SourceName & { owner: null };
  rejected: number;
  sinceMs: number;
  reason: string;
  remedy: string;
}

type Looked = Pick<Receipt, 'id' | 'receivedAtMs' | 'verdict' | 'outcome'>;

/** Whether a request was proved, then or when it was accepted by hand: it ends a row of rejected ones. */
export function endsRejecting({ verdict }: Pick<Receipt, 'verdict'>): boolean {
  return verdict.ok;
}

/**
 * The row of rejected requests that the receipts of a source end with; null while it is not long enough. What a person
 * forced in counts neither way.
 * @param receipts newest first, back to the last one that was proved
 */
export function rejectingOf(receipts: readonly Looked[]): Rejecting | null {
  const end = receipts.findIndex(endsRejecting);
  const row = (end === -1 ? receipts : receipts.slice(0, end)).filter(({ outcome }) => outcome === 'rejected');
  const [latest, first] = [row[0], row.at(-1)];
  if (latest === undefined || first === undefined || row.length < REJECTING_AFTER) return null;
  return {
    rejected: row.length,
    sinceMs: first.receivedAtMs,
    reason: latest.verdict.reason ?? 'unknown',
    after: receipts[end]?.id ?? null,
  };
}

/** The news of it. */
export function rejectingEvent(source: SourceName, { rejected, sinceMs, reason, after }: Rejecting): RejectingEvent {
  return {
    type: 'source.rejecting',
    id: `source.rejecting/${source.id}/${after ?? 'first'}`,
    data: { source, rejected, since: isoTime(sinceMs), reason },
  };
}

/** The same as a warning, with what to do. */
export function rejectingWarning(source: SourceName, row: Rejecting): RejectingWarning {
  const { rejected, sinceMs, reason } = row;
  const remedy = ourRemedy(reason) ?? doctorsRemedy(source);
  return { kind: 'rejecting', source: { ...source, owner: null }, rejected, sinceMs, reason, remedy };
}

function doctorsRemedy({ id }: SourceName): string {
  return (
    `Take the \`id\` of the latest of GET /api/v1/receipts?sourceId=${id}&outcome=rejected: \`diagnosis\` of ` +
    'GET /api/v1/receipts/{id} names the mistake and what to do.'
  );
}
