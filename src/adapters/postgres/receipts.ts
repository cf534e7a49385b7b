/** Receipts coming in, a batch at a time: the requests, their facts and their events in one transaction (T1). */
import type { Id } from '../../core/ids.ts';
import { isRedelivery, type Receipt, type Repeat } from '../../core/receipt.ts';
import type { Handover, ReceiptOutcome, ReceiptRequest } from '../../ports/store.ts';
import { digested, type Holder, idsOfEvents, repeatOf } from '../sql/revision.ts';
import type { Batching } from './batches.ts';
import type { Session } from './database.ts';
import { type Asked, type Known, lockFor, lookUpFor } from './known-receipts.ts';
import { factsOf, type NewReceipt, writeReceipts } from './receipt-rows.ts';
import { writeAll, writingOf } from './write.ts';

/** Each has two keys at most, which are locks of the server: it has room for some thousands. */
const MAX_BATCH = 64;
/** One alone may be larger, and is then written alone. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** How receipts are put together. */
export function receiptBatches(shards: number): Batching<ReceiptRequest, ReceiptOutcome> {
  return {
    road: 'append',
    maxInFlight: 2,
    maxBatch: MAX_BATCH,
    weight: { max: MAX_BATCH_BYTES, of: bytesOf },
    operate: (session, calls) =>
      recordReceipts(
        session,
        calls.map(({ request }) => request),
        shards,
      ),
  };
}

function bytesOf({ receipt, events }: ReceiptRequest): number {
  return events.reduce((sum, { event }) => sum + event.data.length, receipt.body.length);
}

/** `made`: written with what follows from it. `repeat`: written as a duplicate. `answered`: nothing is written. */
type Decision =
  | { kind: 'made'; request: ReceiptRequest; written: NewReceipt }
  | { kind: 'repeat'; outcome: ReceiptOutcome; written: NewReceipt }
  | { kind: 'answered'; outcome: ReceiptOutcome };

type Made = Extract<Decision, { kind: 'made' }>;

/** In one transaction. Each is decided after those before it, as if they had come one by one. */
export async function recordReceipts(
  session: Session,
  requests: readonly ReceiptRequest[],
  shards: number,
): Promise<readonly ReceiptOutcome[]> {
  const asked = requests.map(askedOf);
  await lockFor(session, asked, shards);
  const known = await lookUpFor(session, asked);
  const decisions = requests.map((request) => decide(known, request));
  const made = decisions.filter((decision) => decision.kind === 'made');
  await writeReceipts(session, {
    receipts: decisions.flatMap((decision) => (decision.kind === 'answered' ? [] : decision.written)),
    facts: made.flatMap(({ request: { receipt, facts } }) => factsOf(receipt.id, facts)),
    keys: known.keys.given(),
  });
  await dropRejected(session, made);
  const effects = made.map(({ request }) => request);
  const handovers = (await writeEvents(session, effects, known.events, shards)).values();
  return decisions.map((decision) => {
    if (decision.kind !== 'made') return decision.outcome;
    const { redeliveryOf } = decision.written.receipt;
    return { kind: 'recorded', handovers: handovers.next().value ?? [], redeliveryOf };
  });
}

function askedOf({ receipt, events, dedupe, replay }: ReceiptRequest): Asked {
  const { id, tenant, sourceId, outcome } = receipt;
  return { newId: id, tenant, sourceId, outcome, events, dedupe, replay };
}

/** Checks in this order: recorded already, repeats another receipt, configuration moved on. */
function decide(known: Known, request: ReceiptRequest): Decision {
  const { receipt, dedupe, replay } = request;
  const { sourceId, tenant } = receipt;
  const earlier = known.recorded.get(receipt.id);
  if (earlier !== undefined) return { kind: 'answered', outcome: earlier };
  const replayed = known.keys.holderOf(sourceId, replay);
  const holder = replayed ?? known.keys.holderOf(sourceId, dedupe);
  const repeat = holder === null ? null : repeatOf(holder, digested(receipt));
  const redeliveryAfterMs = replayed === null ? (dedupe?.redeliveryAfterMs ?? null) : null;
  if (holder !== null && repeat !== null && !isRedelivery(redeliveryAfterMs, repeat)) {
    if (replayed === null) known.keys.give(sourceId, replay, holder);
    return duplicate(known, receipt, repeat);
  }
  const current = known.versions.get(tenant) ?? 0;
  if (current !== request.configVersion) {
    return { kind: 'answered', outcome: { kind: 'stale', configVersion: current } };
  }
  return make(known, request, repeat);
}

function duplicate(known: Known, receipt: Receipt, { of, bodyDiffers }: Repeat): Decision {
  const outcome = { kind: 'duplicate', of, bodyDiffers } as const;
  known.recorded.set(receipt.id, outcome);
  const repeated = { ...receipt, outcome: 'duplicate', duplicateOf: of, bodyDiffers } as const;
  return { kind: 'repeat', outcome, written: { receipt: repeated, eventIds: [] } };
}

function make(known: Known, request: ReceiptRequest, repeat: Repeat | null): Decision {
  const { dedupe, replay } = request;
  const receipt = { ...request.receipt, redeliveryOf: repeat?.of ?? request.receipt.redeliveryOf };
  known.recorded.set(receipt.id, { kind: 'recorded', handovers: [], redeliveryOf: receipt.redeliveryOf });
  if (dedupe !== null || replay !== null) {
    const holder = holding(receipt);
    // The key of a redelivery stays with the first.
    if (repeat === null) known.keys.give(receipt.sourceId, dedupe, holder);
    known.keys.give(receipt.sourceId, replay, holder);
  }
  return { kind: 'made', request, written: { receipt, eventIds: idsOfEvents(request.events) } };
}

/** A receipt as the holder of its keys. */
function holding(receipt: Receipt): Holder {
  const { id, outcome, receivedAtMs } = receipt;
  return {
    id,
    outcome,
    receivedAtMs,
    get body() {
      return digested(receipt).body;
    },
  };
}

/** Of each source once, after all of its receipts: they came at once, and the last of them may as well be any. */
async function dropRejected(session: Session, made: readonly Made[]): Promise<void> {
  const kept = new Map<Id, number>();
  for (const { request } of made) {
    const { outcome, sourceId } = request.receipt;
    if (outcome !== 'rejected') continue;
    kept.set(sourceId, Math.min(kept.get(sourceId) ?? request.maxRejected, request.maxRejected));
  }
  // In one order: nobody waits in a circle.
  for (const [source, most] of [...kept].sort(([one], [other]) => (one < other ? -1 : 1))) {
    await session.run('drop_rejected_beyond', { source, kept: most });
  }
}

type Effects = Pick<ReceiptRequest, 'events' | 'configVersion'>;

/**
 * The handovers of each. An event that was stored before keeps what it has, and hands nothing over.
 * @param before ids of events that are stored; those that are written come to them
 */
export async function writeEvents(
  session: Session,
  effects: readonly Effects[],
  before: Set<Id>,
  shards: number,
): Promise<readonly (readonly Handover[])[]> {
  const writings = effects.map(({ events, configVersion }) =>
    events.flatMap(({ event, deliveries }) => {
      if (before.has(event.id)) return [];
      before.add(event.id);
      return [writingOf(event, deliveries, configVersion, shards)];
    }),
  );
  const tickets = (await writeAll(session, writings.flat(), [], shards)).values();
  return writings.map((own) => own.map(({ event }) => ({ event: event.event, tickets: tickets.next().value ?? [] })));
}
