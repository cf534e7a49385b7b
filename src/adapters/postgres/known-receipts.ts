/** What the store knows before receipts are written: which of them are there, who holds their keys, what stands. */
import type { DedupeKey } from '../../core/dedupe.ts';
import { madeAtOnce } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { Outcome } from '../../core/receipt.ts';
import type { ReceiptOutcome, ReceiptRequest } from '../../ports/store.ts';
import { type Holder, idsOfEvents } from '../sql/revision.ts';
import { lookUp } from './append.ts';
import type { Session } from './database.ts';
import { timeOf } from './engine-time.ts';
import { lockHolding, lockReceiptKeys } from './locks.ts';
import { type NewKey, newKey } from './receipt-rows.ts';
import { columns } from './values.ts';
import { lockLanesOf } from './write.ts';

/** What is asked of the store for one receipt. */
export interface Asked extends Pick<ReceiptRequest, 'events' | 'dedupe' | 'replay'> {
  tenant: Id;
  sourceId: Id;
  outcome: Outcome;
  /** null where it is known to be there. */
  newId: Id | null;
}

export interface Known {
  /** What became of those that are recorded, in the store or by what goes before in the same batch. */
  recorded: Map<Id, ReceiptOutcome>;
  keys: Keys;
  nowMs: number;
  /** Those that are stored. */
  events: Set<Id>;
  versions: ReadonlyMap<Id, number>;
}

/** Who holds which key, in the store and after what goes before in the same batch. */
export interface Keys {
  /** Has a digest in place of the body. null when the key is free by now, or there is none. */
  holderOf(sourceId: Id, dedupe: DedupeKey | null): Holder | null;
  /** Makes a receipt the holder of a key from now on. */
  give(sourceId: Id, dedupe: DedupeKey | null, holder: Holder): void;
  /** All that were given. */
  given(): readonly NewKey[];
}

/**
 * Locks the keys of receipts, what they are held by, and the lanes that their deliveries go into. Comes before any row is
 * read or written.
 */
export async function lockFor(session: Session, asked: readonly Asked[], shards: number): Promise<void> {
  await lockReceiptKeys(session, keysOf(asked));
  const holding = asked.filter(({ outcome }) => outcome === 'held');
  await lockHolding(
    session,
    holding.map(({ sourceId }) => sourceId),
  );
  const made = asked.flatMap(({ events }) => events.flatMap(({ deliveries }) => madeAtOnce(deliveries)));
  await lockLanesOf(session, made, shards);
}

/** Under the locks: nobody else gives these keys away until the end of the transaction. */
export async function lookUpFor(session: Session, asked: readonly Asked[]): Promise<Known> {
  const ids = asked.flatMap(({ newId }) => newId ?? []);
  const values = { ids, ...columns(keysOf(asked), { sources: ({ source }) => source, keys: ({ key }) => key }) };
  const rows = await session.rows<Row>('receipts_state', values);
  const { events, versions } = await lookUp(session, {
    ids: asked.flatMap((one) => idsOfEvents(one.events)),
    tenants: [...new Set(asked.map(({ tenant }) => tenant))],
    claims: [],
  });
  const nowMs = timeOf(rows.find((row) => row.kind === 'now'));
  const recorded = rows.flatMap((row) => (row.kind === 'receipt' ? [[row.id, outcomeOf(row)] as const] : []));
  return { recorded: new Map(recorded), keys: keysAmong(rows, nowMs), nowMs, events, versions };
}

interface NowRow {
  kind: 'now';
  now_ms: number;
}

interface RecordedRow {
  kind: 'receipt';
  id: Id;
  duplicate_of: Id | null;
  redelivery_of: Id | null;
  body_differs: number;
}

interface KeyRow {
  kind: 'key';
  id: Id;
  source_id: Id;
  key: string;
  outcome: Outcome;
  received_ms: number;
  digest: Uint8Array;
}

type Row = NowRow | RecordedRow | KeyRow;

function outcomeOf(row: RecordedRow): ReceiptOutcome {
  if (row.duplicate_of === null) return { kind: 'recorded', handovers: [], redeliveryOf: row.redelivery_of };
  return { kind: 'duplicate', of: row.duplicate_of, bodyDiffers: row.body_differs === 1 };
}

function keysOf(asked: readonly Asked[]) {
  return asked.flatMap(({ sourceId: source, dedupe, replay }) =>
    [dedupe, replay].flatMap((key) => (key === null ? [] : [{ source, key: key.key }])),
  );
}

function keysAmong(rows: readonly Row[], nowMs: number): Keys {
  const holders = new Map(
    rows.flatMap((row) => (row.kind === 'key' ? [[nameOf(row.source_id, row.key), holderIn(row)] as const] : [])),
  );
  const given = new Map<string, NewKey>();
  return {
    holderOf: (sourceId, dedupe) => (dedupe && holders.get(nameOf(sourceId, dedupe.key))) ?? null,
    give: (sourceId, dedupe, holder) => {
      if (dedupe === null) return;
      const name = nameOf(sourceId, dedupe.key);
      const key = newKey({ id: holder.id, sourceId }, dedupe, nowMs);
      given.set(name, key);
      if (key.untilMs === null || key.untilMs > nowMs) holders.set(name, holder);
    },
    given: () => [...given.values()],
  };
}

function holderIn({ id, outcome, received_ms, digest }: KeyRow): Holder {
  return { id, outcome, receivedAtMs: received_ms, body: digest };
}

function nameOf(sourceId: Id, key: string): string {
  return JSON.stringify([sourceId, key]);
}
