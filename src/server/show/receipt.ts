import { type Masked, maskSecrets } from '../../core/body-secrets.ts';
import type { ReadFact } from '../../core/fact.ts';
import { REDACTED } from '../../core/header.ts';
import type { Id } from '../../core/ids.ts';
import { keptInPart, type Receipt, repeatReason } from '../../core/receipt.ts';
import type { ReceiptDiagnosis } from '../../core/receipt-diagnosis.ts';
import { isoTime } from '../../core/time.ts';
import { shownFact } from '../../core/understanding.ts';
import type { Reprocessed } from '../../flows/reprocess-receipt.ts';
import type { EventAppend, StoredReceipt } from '../../ports.ts';
import { showExactly, showText } from './text.ts';

/** What a receipt is shown with. */
export interface ReceiptView {
  /** How much of the body is shown; all that was kept unless told. */
  maxBodyBytes?: number;
  /** Why it was rejected, for those who may know. */
  diagnosis?: ReceiptDiagnosis | null;
  /**
   * Secrets of its source, which are hidden where body or headers have them; null where they are not known: then nothing
   * that came is shown, since any of it could be one.
   */
  secrets: readonly string[] | null;
}

const SECRET_SENT =
  'The sender writes a secret of the source, or the key of its secret URL, into what it sends, where everybody on the way can read it: it is hidden here, and kept as it came. Have the sender prove itself by a secret that it does not send, if it can.';

const WITHHELD =
  'Body and headers are kept, and not shown: the source is gone, or its secrets cannot be read now, so nobody can tell whether one stands in them.';

/** A receipt as the API shows it: what came, who it was, what it says and what it became. */
export function showReceipt({ receipt, facts, eventIds }: StoredReceipt, view: ReceiptView) {
  const { diagnosis = null } = view;
  const { outcome, duplicateOf, bodyDiffers } = receipt;
  const { warnings, ...request } = showRequest(receipt, view);
  return {
    id: receipt.id,
    sourceId: receipt.sourceId,
    receivedAt: isoTime(receipt.receivedAtMs),
    remoteAddress: receipt.remoteAddress,
    request,
    verdict: receipt.verdict,
    outcome,
    reason: duplicateOf === null ? receipt.reason : repeatReason(duplicateOf, bodyDiffers),
    diagnosis,
    duplicateOf,
    bodyDiffers,
    redeliveryOf: receipt.redeliveryOf,
    revision: receipt.revision,
    ...showFacts(facts),
    effects: showEffects(eventIds),
    warnings,
  };
}

/** What came, without secrets. */
function showRequest(receipt: Receipt, { maxBodyBytes = Number.POSITIVE_INFINITY, secrets }: ReceiptView) {
  const { method, body } = receipt;
  if (secrets === null) return showWithheld(receipt);
  const truncated = body.length > maxBodyBytes || keptInPart(receipt);
  const exactly = showExactly(body.subarray(0, maxBodyBytes), truncated);
  const masked = maskedBody(exactly, secrets);
  const headers = Object.entries(receipt.headers).map(([name, value]) => [name, maskSecrets(value, secrets)] as const);
  return {
    method,
    headers: Object.fromEntries(headers.map(([name, { text }]) => [name, text])),
    ...exactly,
    body: masked.text,
    warnings: masked.isMasked || headers.some(([, { isMasked }]) => isMasked) ? [SECRET_SENT] : [],
  };
}

function showWithheld({ method, headers, body }: Receipt) {
  return {
    method,
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, REDACTED])),
    body: body.length === 0 ? '' : REDACTED,
    bodyEncoding: 'utf8' as const,
    bodyTruncated: false,
    warnings: [WITHHELD],
  };
}

/** Bytes that are no UTF-8 are looked at one by one: a secret may stand among them all the same. */
function maskedBody({ body, bodyEncoding }: ReturnType<typeof showExactly>, secrets: readonly string[]): Masked {
  if (bodyEncoding === 'utf8' || secrets.length === 0) return maskSecrets(body, secrets);
  const byBytes = secrets.map((secret) => Buffer.from(secret).toString('latin1'));
  const { text, isMasked } = maskSecrets(Buffer.from(body, 'base64').toString('latin1'), byBytes);
  return { text: Buffer.from(text, 'latin1').toString('base64'), isMasked };
}

/** What came of a receipt that was read anew. */
export function showReprocessed({ dryRun, revision, outcome, reason, facts, events, eventIds }: Reprocessed) {
  return {
    dryRun,
    revision,
    outcome,
    reason,
    ...showFacts(facts),
    events: events.map((made) => showMade(made, dryRun)),
    effects: showEffects(eventIds),
  };
}

function showMade({ event, deliveries }: EventAppend, dryRun: boolean) {
  return {
    id: dryRun ? null : event.id,
    type: event.type,
    occurredAt: isoTime(event.occurredAtMs),
    data: JSON.parse(showText(event.data)) as Readonly<Record<string, unknown>>,
    subscriptions: deliveries.length,
  };
}

function showFacts(facts: readonly ReadFact[]) {
  return {
    facts: facts.map(({ fact, provenance }) => ({ ...shownFact(fact), provenance })),
    provenance: facts[0]?.provenance ?? {},
  };
}

function showEffects(eventIds: readonly Id[]) {
  return eventIds.map((id) => ({ kind: 'event' as const, id }));
}
