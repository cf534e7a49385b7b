/** `Idempotency-Key` on management POSTs: the first answer is kept and given again. */
import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import { claimOf, openAnswer } from '../flows/idempotency.ts';
import type { Repeated } from '../flows/sealed-configuration.ts';
import type { IdempotencyClaim, Role } from '../ports.ts';
import type { Server } from './options.ts';
import type { Answer, Reply } from './respond.ts';

/** One use of a caller's key. `scope` is the method and the path. */
export interface KeyUse {
  tenant: Id;
  /** Of who asks: an answer may show what another role is not shown, such as a secret URL. */
  role: Role;
  scope: string;
  /** null when the caller sent none: then nothing is kept. */
  key: string | null;
  body: Uint8Array;
}

/** What an endpoint does about its caller's key. */
export interface Claims {
  /** The claims to commit with the effect that `answer` reports; none without a key. */
  for(answer: Answer): readonly IdempotencyClaim[];
  /** The first answer, found by the store when the effect was committed. */
  repeated(sealed: Uint8Array): Reply;
  /** The claims to commit with the beginning of what takes long, whose answer is not known yet; none without a key. */
  begin(deliveryId: Id): readonly IdempotencyClaim[];
  /** The delivery that the first request began, found by the store when another one would begin; null when unreadable. */
  begun(sealed: Uint8Array): Id | null;
}

const VISIBLE = /^[\x21-\x7e]{1,255}$/;
export const KEY_HEADER = 'Idempotency-Key';
export const REPLAYED = { 'Idempotent-Replayed': 'true' } as const;

/** The key of a request; null when it has none. */
export function readKey(header: string | null | undefined): { kind: 'key'; key: string | null } | Problem {
  if (header === null || header === undefined) return { kind: 'key', key: null };
  if (VISIBLE.test(header)) return { kind: 'key', key: header };
  const message = '1 to 255 visible ASCII characters.';
  return problem('validation_failed', { errors: [{ pointer: `header/${KEY_HEADER}`, message }] });
}

/**
 * Runs an endpoint once per key: a second request meanwhile is refused, a later one with the same body gets the first
 * answer, with another body a refusal. Only answers of 2xx are kept.
 */
export async function once(server: Server, use: KeyUse, run: (claims: Claims) => Promise<Reply>): Promise<Reply> {
  const { key, tenant, scope } = use;
  if (key === null) return run(NO_CLAIMS);
  const name = `${tenant} ${scope} ${key}`;
  if (server.running.has(name)) return problem('idempotency_running', { retryAfterSeconds: 1 });
  server.running.add(name);
  try {
    return await runOnce(server, { ...use, key }, run);
  } finally {
    server.running.delete(name);
  }
}

async function runOnce(
  server: Server,
  use: KeyUse & { key: string },
  run: (claims: Claims) => Promise<Reply>,
): Promise<Reply> {
  const { ports } = server;
  const bodyHash = ports.mac.sha256(use.body);
  const before = await ports.store.recall(use.tenant, use.scope, use.key);
  if (before !== null) {
    return ports.mac.equal(before.bodyHash, bodyHash)
      ? replayed(server, use, before.answer)
      : problem('idempotency_mismatch', { detail: `This ${KEY_HEADER} was used with another body.` });
  }
  let committed = false;
  const reply = await run({
    for: (made) => {
      committed = true;
      return [claim(server, use, bodyHash, made)];
    },
    repeated: (sealed) => replayed(server, use, sealed),
    begin: (deliveryId) => [claimOf(ports, use.tenant, `${use.scope} begun`, use.key, bodyHash, { deliveryId })],
    begun: (sealed) => openAnswer<{ deliveryId: Id }>(ports, use.tenant, sealed)?.deliveryId ?? null,
  });
  if (committed || reply.kind === 'problem' || reply.status >= 300) return reply;
  return remembered(server, use, claim(server, use, bodyHash, reply), reply);
}

/** Keeps an answer. If the same request was answered through another process meanwhile, that answer is the first. */
async function remembered(
  server: Server,
  use: KeyUse & { key: string },
  own: IdempotencyClaim,
  reply: Reply,
): Promise<Reply> {
  const { tenant, scope, key } = use;
  const { store, mac } = server.ports;
  await store.remember(tenant, own);
  const kept = await store.recall(tenant, scope, key);
  const isFirst = kept === null || mac.equal(kept.answer, own.answer);
  return isFirst || !mac.equal(kept.bodyHash, own.bodyHash) ? reply : replayed(server, use, kept.answer);
}

/** The reply to what was made with claims: what `show` says of it, or the first answer where its key was used before. */
export function answerOf<Made extends { kind: string }>(
  outcome: Made | Repeated | Problem,
  claims: Pick<Claims, 'repeated'>,
  show: (made: Made) => Reply,
): Reply {
  if (isProblem(outcome)) return outcome;
  return isRepeated(outcome) ? claims.repeated(outcome.answer) : show(outcome);
}

function isProblem(outcome: { kind: string }): outcome is Problem {
  return outcome.kind === 'problem';
}

function isRepeated(outcome: { kind: string }): outcome is Repeated {
  return outcome.kind === 'repeated';
}

const NO_CLAIMS: Claims = { for: () => [], repeated: notWithoutKey, begin: () => [], begun: notWithoutKey };

function notWithoutKey(): never {
  throw new Error('nothing can be repeated without a key');
}

/** Answers that were kept before roles were have none. */
type Kept = Pick<Answer, 'status' | 'headers' | 'body'> & { role?: Role };

function claim({ ports }: Server, use: KeyUse & { key: string }, bodyHash: Uint8Array, made: Answer): IdempotencyClaim {
  const kept: Kept = { status: made.status, headers: made.headers, body: made.body, role: use.role };
  return claimOf(ports, use.tenant, use.scope, use.key, bodyHash, kept);
}

function replayed({ ports }: Server, { tenant, role }: KeyUse, sealed: Uint8Array): Reply {
  const kept = openAnswer<Kept>(ports, tenant, sealed);
  if (kept === null) return problem('secret_unavailable');
  const { role: firstRole = role, status, headers, body } = kept;
  if (firstRole !== role) {
    return problem('idempotency_mismatch', { detail: `This ${KEY_HEADER} was used by a caller of another role.` });
  }
  return { kind: 'answer', status, headers: { ...headers, ...REPLAYED }, body };
}
