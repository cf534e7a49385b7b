/** Callers' keys: the first answer is kept, sealed, and given again for the same request. */
import type { Id } from '../core/ids.ts';
import type { IdempotencyClaim, Ports, SealContext } from '../ports.ts';

const fromUtf8 = new TextDecoder();
const utf8 = new TextEncoder();

function answerContext(tenant: Id): SealContext {
  return { purpose: 'answer', table: 'idem', column: 'answer', row: '', tenant };
}

/** One use of a caller's key, with the answer it will be given again. */
export function claimOf(
  ports: Pick<Ports, 'sealer'>,
  tenant: Id,
  scope: string,
  key: string,
  bodyHash: Uint8Array,
  answer: unknown,
): IdempotencyClaim {
  return {
    scope,
    key,
    bodyHash,
    answer: ports.sealer.seal(answerContext(tenant), utf8.encode(JSON.stringify(answer))),
  };
}

/** The answer under a seal; null when its key is missing. */
export function openAnswer<Answer>(ports: Pick<Ports, 'sealer'>, tenant: Id, sealed: Uint8Array): Answer | null {
  const opened = ports.sealer.open(answerContext(tenant), sealed);
  return opened.kind === 'opened' ? (JSON.parse(fromUtf8.decode(opened.plain)) as Answer) : null;
}
