/**
 * What is known of receipts: which there are, and who holds which key until when. It predicts what a store answers.
 * Where the end of a key falls into the time that an operation took, either answer is right, and the model goes on with
 * the one that was given.
 */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { DedupeKey } from '../../src/core/dedupe.ts';
import type { Id } from '../../src/core/ids.ts';
import { isRedelivery, type Receipt } from '../../src/core/receipt.ts';
import type {
  ReceiptOutcome,
  ReceiptRequest,
  ReceiptRevision,
  RevisionOutcome,
  StoredReceipt,
} from '../../src/ports/store.ts';
import type { Timed } from './model.ts';
import { newId, text } from './samples.ts';

/** Who holds a key, and the span in which that ends; null = never. */
interface KnownKey {
  receiptId: Id;
  ends: { fromMs: number; untilMs: number } | null;
}

export interface KnownReceipts {
  sources: readonly Id[];
  /** By source; null while it is not there. */
  versions: Map<Id, number | null>;
  stored: Map<Id, StoredReceipt>;
  keys: Map<string, KnownKey>;
  /** Whatever was asked to be recorded. */
  asked: ReceiptRequest[];
  /** Open release tasks, by id: their source and how often they were settled. */
  tasks: Map<Id, { source: Id; n: number }>;
  /** Each with its tenant. */
  usedClaims: Set<string>;
}

export function noReceipts(): KnownReceipts {
  const sources = [newId(), newId()];
  const versions = new Map(sources.map((id) => [id, null]));
  return {
    sources,
    versions,
    stored: new Map(),
    keys: new Map(),
    asked: [],
    tasks: new Map(),
    usedClaims: new Set(),
  };
}

type Span = Pick<Timed<unknown>, 'fromMs' | 'untilMs'>;
/** Whether a key that may have ended or not is held. */
type Held = (key: DedupeKey) => boolean;

/** What an operation comes to: its answer, without what it hands over, and what is known after it. */
interface Prospect<Outcome> {
  answer: Outcome;
  known: KnownReceipts;
}

const GUESSES: readonly [dedupe: boolean, replay: boolean][] = [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
];

/** The prospect that came true; fails when none did. */
function fulfilled<Outcome>(
  answer: Outcome,
  { dedupe }: Pick<ReceiptRequest, 'dedupe'>,
  prospectIf: (held: Held) => Prospect<Outcome>,
): KnownReceipts {
  const prospects = GUESSES.map(([ofDedupe, ofReplay]) => prospectIf((key) => (key === dedupe ? ofDedupe : ofReplay)));
  const right = prospects.find((prospect) => isDeepStrictEqual(prospect.answer, answer));
  if (right === undefined) assert.deepEqual(answer, prospects[0]?.answer);
  assert.ok(right !== undefined);
  return right.known;
}

/** What is known after a receipt was recorded; fails when that went wrong. */
export function afterRecorded(
  known: KnownReceipts,
  request: ReceiptRequest,
  { answer, ...span }: Timed<ReceiptOutcome>,
  configVersion: number,
): KnownReceipts {
  const bare = answer.kind === 'recorded' ? { ...answer, handovers: [] } : answer;
  return fulfilled<ReceiptOutcome>(bare, request, (held) => {
    return recording({ known: copied(known), span, held }, request, configVersion);
  });
}

interface Moment {
  known: KnownReceipts;
  span: Span;
  held: Held;
}

function copied(known: KnownReceipts): KnownReceipts {
  return { ...known, stored: new Map(known.stored), keys: new Map(known.keys), usedClaims: new Set(known.usedClaims) };
}

function recording(moment: Moment, request: ReceiptRequest, configVersion: number): Prospect<ReceiptOutcome> {
  const { known } = moment;
  const { receipt, dedupe, replay } = request;
  const before = known.stored.get(receipt.id)?.receipt;
  if (before !== undefined) return { answer: answerOf(before), known };
  const replayed = holderOf(moment, receipt.sourceId, replay);
  const first = replayed ?? holderOf(moment, receipt.sourceId, dedupe);
  const afterMs = replayed === null ? (dedupe?.redeliveryAfterMs ?? null) : null;
  if (first !== null && !isRedelivery(afterMs, repeatOf(first, receipt))) {
    if (replayed === null) give(moment, first, replay);
    const { bodyDiffers } = repeatOf(first, receipt);
    const kept: Receipt = { ...receipt, outcome: 'duplicate', duplicateOf: first.id, bodyDiffers };
    known.stored.set(receipt.id, { receipt: kept, facts: [], eventIds: [] });
    return { answer: answerOf(kept), known };
  }
  if (request.configVersion !== configVersion) return { answer: { kind: 'stale', configVersion }, known };
  const kept = { ...receipt, redeliveryOf: first?.id ?? receipt.redeliveryOf };
  const eventIds = request.events.map(({ event }) => event.id);
  known.stored.set(receipt.id, { receipt: kept, facts: request.facts, eventIds });
  if (first === null) give(moment, kept, dedupe);
  give(moment, kept, replay);
  if (kept.outcome === 'rejected') forgetBeyond(known, kept.sourceId, request.maxRejected);
  return { answer: answerOf(kept), known };
}

/** What a receipt answers to whoever records it again. */
function answerOf({ duplicateOf: of, bodyDiffers, redeliveryOf }: Receipt): ReceiptOutcome {
  return of === null ? { kind: 'recorded', handovers: [], redeliveryOf } : { kind: 'duplicate', of, bodyDiffers };
}

function repeatOf(first: Receipt, { body, receivedAtMs }: Receipt) {
  const bodyDiffers = text(first.body) !== text(body);
  return { of: first.id, outcome: first.outcome, bodyDiffers, afterMs: receivedAtMs - first.receivedAtMs };
}

function nameOf(source: Id, { key }: DedupeKey): string {
  return JSON.stringify([source, key]);
}

function holderOf({ known, span, held }: Moment, source: Id, key: DedupeKey | null): Receipt | null {
  const holder = key === null ? undefined : known.keys.get(nameOf(source, key));
  if (key === null || holder === undefined) return null;
  const { ends } = holder;
  const isHeld = ends === null || ends.fromMs > span.untilMs || (ends.untilMs > span.fromMs && held(key));
  return isHeld ? (known.stored.get(holder.receiptId)?.receipt ?? null) : null;
}

function give({ known, span }: Moment, { id, sourceId }: Receipt, key: DedupeKey | null): void {
  if (key === null) return;
  const { windowMs } = key;
  const ends = windowMs === null ? null : { fromMs: span.fromMs + windowMs, untilMs: span.untilMs + windowMs };
  known.keys.set(nameOf(sourceId, key), { receiptId: id, ends });
}

/** Of a source's rejected receipts only so many stay, the newest. */
function forgetBeyond(known: KnownReceipts, source: Id, max: number): void {
  const rejected = idsOf(known, ({ sourceId, outcome }) => sourceId === source && outcome === 'rejected');
  for (const id of rejected.slice(max)) forget(known, id);
}

/** A receipt that is dropped, and what is known by it. */
export function forget(known: KnownReceipts, id: Id): void {
  known.stored.delete(id);
  for (const [name, { receiptId }] of known.keys) if (receiptId === id) known.keys.delete(name);
}

/** Newest first. */
export function idsOf({ stored }: KnownReceipts, isWanted: (receipt: Receipt) => boolean = () => true): readonly Id[] {
  const wanted = [...stored.values()].filter(({ receipt }) => isWanted(receipt));
  return wanted
    .map(({ receipt }) => receipt.id)
    .sort()
    .reverse();
}

/** What a source holds, in the order in which it is worked through. */
export function heldOf({ stored }: KnownReceipts, source: Id): readonly StoredReceipt[] {
  const held = [...stored.values()].filter(({ receipt }) => receipt.sourceId === source && receipt.outcome === 'held');
  return held.sort(({ receipt: a }, { receipt: b }) => a.receivedAtMs - b.receivedAtMs || (a.id < b.id ? -1 : 1));
}

/** What is known after a receipt was revised; fails when that went wrong. */
export function afterRevised(
  known: KnownReceipts,
  request: ReceiptRevision,
  { answer, ...span }: Timed<RevisionOutcome>,
  configVersion: number,
): KnownReceipts {
  const bare = answer.kind === 'revised' ? { ...answer, handovers: [] } : answer;
  return fulfilled<RevisionOutcome>(bare, request, (held) => {
    return revising({ known: copied(known), span, held }, request, configVersion);
  });
}

function revising(moment: Moment, request: ReceiptRevision, configVersion: number): Prospect<RevisionOutcome> {
  const { known } = moment;
  const used = request.claims.find(({ key }) => known.usedClaims.has(`${request.tenant} ${key}`));
  if (used !== undefined) return { answer: { kind: 'repeated', scope: used.scope, answer: used.answer }, known };
  const standing = known.stored.get(request.id);
  if (standing?.receipt.tenant !== request.tenant) return { answer: { kind: 'missing' }, known };
  const { receipt } = standing;
  const { revision, sourceId } = receipt;
  if (revision !== request.revision) return { answer: { kind: 'conflict', revision }, known };
  const holders = [request.replay, request.dedupe].map((key) => holderOf(moment, sourceId, key));
  const first = holders.find((holder) => holder !== null && holder.id !== receipt.id) ?? null;
  if (first === null && request.configVersion !== configVersion) {
    return { answer: { kind: 'stale', configVersion }, known };
  }
  for (const { key } of request.claims) known.usedClaims.add(`${request.tenant} ${key}`);
  known.stored.set(receipt.id, revisedAs(standing, request, first));
  if (first !== null) {
    return { answer: { kind: 'duplicate', of: first.id, bodyDiffers: repeatOf(first, receipt).bodyDiffers }, known };
  }
  for (const key of [request.dedupe, request.replay]) give(moment, receipt, key);
  return { answer: { kind: 'revised', handovers: [] }, known };
}

/** A receipt after its revision, or as the duplicate of `first` that the revision found it to be. */
function revisedAs(
  { receipt, eventIds }: StoredReceipt,
  { verdict, reason, outcome, facts, events }: ReceiptRevision,
  first: Receipt | null,
): StoredReceipt {
  const kept: Receipt = {
    ...receipt,
    verdict,
    reason,
    outcome: first === null ? outcome : 'duplicate',
    duplicateOf: first?.id ?? null,
    bodyDiffers: first === null ? false : repeatOf(first, receipt).bodyDiffers,
    proof: null,
    revision: receipt.revision + 1,
  };
  if (first !== null) return { receipt: kept, facts: [], eventIds };
  return { receipt: kept, facts, eventIds: [...new Set([...eventIds, ...events.map(({ event }) => event.id)])] };
}
