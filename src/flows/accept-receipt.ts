import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { HELD_REASON, keptInPart, repeatReason, type Verdict } from '../core/receipt.ts';
import { isConnectionTest } from '../core/understanding.ts';
import type { ReceiptRevision, StoredReceipt } from '../ports.ts';
import { type FlowPorts, type LiveConfiguration, MAX_DECISIONS } from './configuration.ts';
import { findRepeated } from './find-repeated.ts';
import { type JudgePorts, judgeReceipt, requestOf } from './judge-receipt.ts';
import { type ReworkPorts, revise, rework, sourceOf } from './rework.ts';
import type { OpenSource } from './sources.ts';

export interface AcceptReceipt {
  tenant: Id;
  id: Id;
  /** The key of who accepts it. */
  by: Id;
  /** Also when it proves nothing still. */
  force: boolean;
}

export interface Accepted {
  kind: 'accepted';
  stored: StoredReceipt;
}

type AcceptPorts = ReworkPorts & JudgePorts & Pick<FlowPorts, 'configuration' | 'log'>;

/**
 * Judges a rejected request by what the source is now and, if it proves its sender or a person insists, works it through
 * as if it had come now: filters, key and pause count. Who did that stands in the log and with the receipt.
 */
export async function acceptReceipt(ports: AcceptPorts, request: AcceptReceipt): Promise<Accepted | Problem> {
  let configuration = await ports.configuration.current(request.tenant);
  for (let decisions = 0; decisions < MAX_DECISIONS; decisions++) {
    const outcome = await acceptUnder(ports, request, configuration);
    if (outcome.kind !== 'again') return outcome;
    configuration = await ports.configuration.refresh(request.tenant);
  }
  return problem('precondition_failed');
}

async function acceptUnder(
  ports: AcceptPorts,
  request: AcceptReceipt,
  configuration: LiveConfiguration,
): Promise<Accepted | Problem | { kind: 'again' }> {
  const stored = await ports.store.receipt(request.tenant, request.id);
  if (stored === null) return problem('not_found');
  const { receipt } = stored;
  if (receipt.outcome !== 'rejected') return problem('receipt_not_rejected');
  if (keptInPart(receipt)) return problem('receipt_in_part');
  const found = sourceOf(configuration, receipt.sourceId);
  if (found.kind === 'problem') return found;
  const { verdict, diagnosis } = await judgeReceipt(ports, receipt, found.source);
  if (!verdict.ok && !request.force) {
    return problem('receipt_unproved', { detail: diagnosis?.message ?? `It proves nothing: ${verdict.reason}.` });
  }
  const change = await changeOf(ports, stored, found.source, configuration);
  const given = { ...change, verdict: acceptedVerdict(verdict, receipt.verdict, request.by) };
  const revised = await revise(ports, stored, configuration, given);
  if (revised.kind === 'stale' || revised.kind === 'conflict') return { kind: 'again' };
  if (revised.kind === 'missing') return problem('not_found');
  const after = await ports.store.receipt(request.tenant, request.id);
  if (after === null) return problem('not_found');
  const { id: receiptId, sourceId, outcome } = after.receipt;
  const forced = !verdict.ok;
  const told = { receiptId, sourceId, keyId: request.by, forced, verdict: verdict.reason ?? 'ok', outcome };
  ports.log.info('receipt.accepted', told);
  return { kind: 'accepted', stored: after };
}

async function changeOf(
  ports: AcceptPorts,
  stored: StoredReceipt,
  source: OpenSource,
  configuration: LiveConfiguration,
): Promise<Pick<ReceiptRevision, 'outcome' | 'reason' | 'facts' | 'events' | 'dedupe' | 'replay'>> {
  const signed = requestOf(ports, stored.receipt, source)?.headers;
  const { understood, ...reworked } = await rework(ports, stored, source, configuration, signed);
  const { dedupe, replay, reading } = understood;
  const of = await findRepeated(ports, stored.receipt, source, dedupe);
  // Where the store still knows the key, it makes a duplicate of it.
  const repeats = { outcome: 'ignored', facts: reworked.facts, events: [], dedupe, replay } as const;
  if (of !== null) return { ...repeats, reason: repeatReason(of, false) };
  const isHeld = source.config.pausedAtMs !== null && !isConnectionTest(reading);
  return isHeld
    ? { outcome: 'held', reason: HELD_REASON, facts: reworked.facts, events: [], dedupe, replay }
    : { ...reworked, dedupe, replay };
}

/**
 * A verdict stays what it is: a person who insists proves nothing about the sender. The first one stays beside it, since
 * whoever may change the source decides what proves a sender now.
 */
function acceptedVerdict({ ok, scheme, reason }: Verdict, first: Verdict, by: Id): Verdict {
  const accepted = ok ? `accepted by key ${by}` : `${reason}; accepted all the same by key ${by}`;
  return { ok, scheme, reason: `${accepted}; refused at first: ${first.reason} (${first.scheme})` };
}
