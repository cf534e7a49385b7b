/** Callers' keys: one effect per key and scope, and the same answer again. */
import type { Id } from '../../core/ids.ts';
import type { IdempotencyClaim, Refused } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { columns } from './values.ts';
import type { NewClaim } from './write.ts';

type Use = Pick<IdempotencyClaim, 'bodyHash' | 'answer'>;

/** Keys that were used, in the store or by what goes before in the same batch. */
export interface UsedClaims {
  /** The first claim that was used before, as what it means for the caller. */
  refused(tenant: Id, claims: readonly IdempotencyClaim[]): Exclude<Refused, { kind: 'stale' }> | null;
  /** Notes that claims are used now; those that are new. */
  take(tenant: Id, claims: readonly IdempotencyClaim[]): readonly NewClaim[];
}

/** Looks up which of these claims were used. */
export async function usedClaims(session: Session, asked: readonly NewClaim[]): Promise<UsedClaims> {
  const used = new Map<string, Use>();
  if (asked.length > 0) {
    for (const row of await claimsOfKeys(session, asked)) {
      used.set(nameOf(row.tenant, row), { bodyHash: row.body_hash, answer: row.answer });
    }
  }
  return {
    refused: (tenant, claims) => {
      for (const claim of claims) {
        const use = used.get(nameOf(tenant, claim));
        if (use !== undefined) return refusalFor(claim, use);
      }
      return null;
    },
    take: (tenant, claims) =>
      claims.flatMap((claim) => {
        const name = nameOf(tenant, claim);
        if (used.has(name)) return [];
        used.set(name, claim);
        return [{ tenant, claim }];
      }),
  };
}

interface ClaimRow {
  tenant: Id;
  scope: string;
  key: string;
  body_hash: Uint8Array;
  answer: Uint8Array;
}

function claimsOfKeys(session: Session, asked: readonly NewClaim[]): Promise<readonly ClaimRow[]> {
  const values = columns(asked, {
    tenants: ({ tenant }) => tenant,
    scopes: ({ claim }) => claim.scope,
    keys: ({ claim }) => claim.key,
  });
  return session.rows<ClaimRow>('claims_of_keys', values);
}

function refusalFor({ scope, bodyHash }: IdempotencyClaim, use: Use): Exclude<Refused, { kind: 'stale' }> {
  const same = Buffer.compare(use.bodyHash, bodyHash) === 0;
  return same ? { kind: 'repeated', scope, answer: new Uint8Array(use.answer) } : { kind: 'mismatch', scope };
}

function nameOf(tenant: Id, { scope, key }: { scope: string; key: string }): string {
  return JSON.stringify([tenant, scope, key]);
}

/** Stores an answer under a caller's key; the first one stays. */
export async function remember(session: Session, tenant: Id, claim: IdempotencyClaim): Promise<void> {
  const { scope, key, bodyHash, answer } = claim;
  await session.run('insert_claim', { tenant, scope, key, body_hash: bodyHash, answer });
}

/** The answer under a caller's key. */
export async function recall(session: Session, tenant: Id, scope: string, key: string) {
  const row = await session.row<ClaimRow>('claim_of_key', { tenant, scope, key });
  return row === undefined ? null : { bodyHash: row.body_hash, answer: row.answer };
}
