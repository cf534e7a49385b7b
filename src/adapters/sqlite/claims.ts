/** Callers' keys: one effect per key and scope, and the same answer again. */
import type { Id } from '../../core/ids.ts';
import type { IdempotencyClaim, Refused } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import type { Writer } from './turn.ts';

export interface ClaimRow {
  body_hash: Uint8Array;
  answer: Uint8Array;
}

/** The first claim that was used before, as what it means for the caller. */
export function refusedClaim(
  writer: Writer,
  tenant: Id,
  claims: readonly IdempotencyClaim[],
): Exclude<Refused, { kind: 'stale' }> | null {
  for (const { scope, key, bodyHash } of claims) {
    const used = writer.db.get<ClaimRow>('claim_of_key', blob(tenant), scope, key);
    if (used === undefined) continue;
    const same = Buffer.compare(used.body_hash, bodyHash) === 0;
    return same ? { kind: 'repeated', scope, answer: used.answer } : { kind: 'mismatch', scope };
  }
  return null;
}

export function recordClaims(writer: Writer, tenant: Id, claims: readonly IdempotencyClaim[]): void {
  for (const claim of claims) remember(writer, { tenant, claim });
}

/** Stores an answer under a caller's key; the first one stays. */
export function remember(writer: Writer, input: { tenant: Id; claim: IdempotencyClaim }): void {
  const { scope, key, bodyHash, answer } = input.claim;
  writer.db.run('insert_claim', blob(input.tenant), scope, key, bodyHash, answer, writer.nowMs);
}
