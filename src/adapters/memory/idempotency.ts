import type { Id } from '../../core/ids.ts';
import type { IdempotencyClaim, Refused } from '../../ports/store.ts';
import { copyOf, sameBytes } from './copy.ts';
import type { KeptClaim, Tables } from './tables.ts';

/** Keys of callers are promised for 24 hours; a day of grace comes on top. */
const KEPT_MS = 48 * 3_600_000;

function nameOf(tenant: Id, scope: string, key: string): string {
  return JSON.stringify([tenant, scope, key]);
}

/** What stands against these claims, in their order; null when they are all fresh. */
export function refusedBy(
  tables: Tables,
  tenant: Id,
  claims: readonly IdempotencyClaim[],
): Exclude<Refused, { kind: 'stale' }> | null {
  for (const { scope, key, bodyHash } of claims) {
    const kept = recallClaim(tables, tenant, scope, key);
    if (kept === null) continue;
    if (!sameBytes(kept.bodyHash, bodyHash)) return { kind: 'mismatch', scope };
    return { kind: 'repeated', scope, answer: copyOf(kept.answer) };
  }
  return null;
}

export function recallClaim(tables: Tables, tenant: Id, scope: string, key: string): KeptClaim | null {
  return tables.claims.get(nameOf(tenant, scope, key)) ?? null;
}

/** Keeps claims; of two under one key the first stays. */
export function keepClaims(tables: Tables, tenant: Id, claims: readonly IdempotencyClaim[]): void {
  for (const claim of claims) {
    const name = nameOf(tenant, claim.scope, claim.key);
    if (!tables.claims.has(name)) tables.claims.set(name, { ...copyOf(claim), atMs: tables.nowMs() });
  }
}

export function dropOldClaims(tables: Tables): void {
  const oldestMs = tables.nowMs() - KEPT_MS;
  for (const [name, claim] of tables.claims) {
    if (claim.atMs < oldestMs) tables.claims.delete(name);
  }
}
