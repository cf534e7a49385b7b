import { type Fact, keptInPart, repeatReason } from '../../core/receipt.ts';
import { isoTime, isoTimeOrNull } from '../../core/time.ts';
import type { StoredReceipt } from '../../ports.ts';
import { showExactly } from './text.ts';

/**
 * A receipt as the API shows it: what came, who it was, what it says and what it became.
 * @param maxBodyBytes how much of the body is shown; all that was kept unless told
 */
export function showReceipt({ receipt, facts, eventIds }: StoredReceipt, maxBodyBytes = Number.POSITIVE_INFINITY) {
  const { body, duplicateOf, bodyDiffers } = receipt;
  const truncated = body.length > maxBodyBytes || keptInPart(receipt);
  return {
    id: receipt.id,
    sourceId: receipt.sourceId,
    receivedAt: isoTime(receipt.receivedAtMs),
    request: {
      method: receipt.method,
      headers: receipt.headers,
      ...showExactly(body.subarray(0, maxBodyBytes), truncated),
    },
    verdict: receipt.verdict,
    outcome: receipt.outcome,
    reason: duplicateOf === null ? receipt.reason : repeatReason(duplicateOf, bodyDiffers),
    duplicateOf,
    bodyDiffers,
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
