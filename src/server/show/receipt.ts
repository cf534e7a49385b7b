import type { Fact } from '../../core/receipt.ts';
import { isoTime, isoTimeOrNull } from '../../core/time.ts';
import type { StoredReceipt } from '../../ports.ts';
import { showExactly } from './text.ts';

/** A receipt as the API shows it: what came, who it was, what it says and what it became. */
export function showReceipt({ receipt, facts, eventIds }: StoredReceipt) {
  return {
    id: receipt.id,
    sourceId: receipt.sourceId,
    receivedAt: isoTime(receipt.receivedAtMs),
    request: { method: receipt.method, headers: receipt.headers, ...showExactly(receipt.body) },
    verdict: receipt.verdict,
    outcome: receipt.outcome,
    reason: receipt.reason,
    duplicateOf: receipt.duplicateOf,
    bodyDiffers: receipt.bodyDiffers,
    facts: facts.map(({ fact, provenance }) => ({ ...showFact(fact), provenance })),
    provenance: facts[0]?.provenance ?? {},
    effects: eventIds.map((id) => ({ kind: 'event' as const, id })),
  };
}

function showFact(fact: Fact) {
  if (fact.kind === 'ping') return fact;
  const { timeMs, ...rest } = fact;
  return { ...rest, time: isoTimeOrNull(timeMs) };
}
