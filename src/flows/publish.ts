/** An event comes in, is matched, and is durable with its deliveries before the caller hears of it. */
import type { EventSource, HookEvent } from '../core/event.ts';
import { type Id, idAt } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';
import type { AppendRequest, EventAppend, IdempotencyClaim, Ports, Refused } from '../ports.ts';
import type { ConfigurationCache } from './configuration.ts';
import { claimOf, openAnswer } from './idempotency.ts';
import { eventAppend, isLarge, largeEventAppend } from './targets.ts';

export interface PublishInput {
  tenant: Id;
  type: string;
  /** The exact bytes of `data`, in an allocation of their own. */
  data: Uint8Array;
  /** The same, parsed; what filters look at. */
  value: unknown;
  /** The caller's own id. */
  id?: string | undefined;
  owner?: string | undefined;
  occurredAtMs?: number | undefined;
  tags?: readonly string[] | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  orderingKey?: string | undefined;
  source?: EventSource | undefined;
  /** Digest of the whole request; asked for when an id or key must tell a repetition from another event. */
  bodyHash(): Uint8Array;
  idempotencyKey?: string | undefined;
  /** Which call the key belongs to; publishing one event unless told. */
  keyScope?: string;
}

export interface Accepted {
  kind: 'accepted';
  id: Id;
  /** How many subscriptions the event goes to. */
  deliveries: number;
  /** What was used before, so that nothing was added: the caller's own id, or its Idempotency-Key; else null. */
  repeats: 'id' | 'key' | null;
}

export type PublishPorts = Pick<Ports, 'clock' | 'random' | 'mac' | 'store' | 'sealer' | 'dispatch' | 'metrics'> & {
  configuration: ConfigurationCache;
};

/** A configuration that changes faster than this many re-decisions is not waited for. */
export const MAX_DECISIONS = 8;

/**
 * Accepts one event: resolves after the durable commit, then hands its deliveries to this process's worker.
 * Rejects only when the store failed; the same `id` may then be sent again safely.
 */
export async function publish(ports: PublishPorts, input: PublishInput): Promise<Accepted | Problem> {
  const event = eventOf(ports, input);
  let configuration = ports.configuration.peek(input.tenant) ?? (await ports.configuration.of(input.tenant));
  for (let decisions = 0; decisions < MAX_DECISIONS; decisions++) {
    const append = isLarge(configuration, event)
      ? await largeEventAppend(event, input.value, configuration, ports)
      : eventAppend(event, input.value, configuration, ports);
    const accepted = acceptedAs(append);
    const request: AppendRequest = {
      ...append,
      configVersion: configuration.version,
      claims: claimsOf(ports, input, accepted),
    };
    const outcome = await ports.store.append(request);
    switch (outcome.kind) {
      case 'appended':
        ports.metrics.count('events_accepted_total');
        ports.dispatch.offer({ event, tickets: outcome.tickets });
        return accepted;
      case 'duplicate':
        // The append was repeated after an unknown outcome; the first one stands.
        return accepted;
      case 'repeated':
        return repeated(ports, input.tenant, outcome);
      case 'mismatch':
        return mismatched(outcome.scope);
      case 'stale':
        configuration = await ports.configuration.refresh(input.tenant);
    }
  }
  return RESTLESS;
}

/** The refusal where each decision was stale when it was made. */
export const RESTLESS = problem('store_unavailable', {
  detail: 'The configuration keeps changing.',
  retryAfterSeconds: 1,
});

/** What its publisher is told of a fresh event. */
export function acceptedAs({ event, deliveries }: EventAppend): Accepted {
  return { kind: 'accepted', id: event.id, deliveries: deliveries.length, repeats: null };
}

/** The event that an input makes now. */
export function eventOf(ports: Pick<Ports, 'clock' | 'random'>, input: PublishInput): HookEvent {
  const nowMs = ports.clock.nowMs();
  return {
    id: idAt(nowMs, ports.random.bytes(16)),
    tenant: input.tenant,
    type: input.type,
    owner: input.owner ?? null,
    externalId: input.id ?? null,
    orderingKey: input.orderingKey ?? null,
    tags: input.tags ?? [],
    headers: input.headers ?? {},
    occurredAtMs: input.occurredAtMs ?? nowMs,
    acceptedAtMs: nowMs,
    source: input.source ?? { kind: 'api', id: null },
    data: input.data,
  };
}

const EVENT_ID_SCOPE = 'event.id';
const PUBLISH_SCOPE = 'POST /api/v1/events';

/** The claims on an event's id and key, with the answer they will give again. */
export function claimsOf(ports: Pick<Ports, 'sealer'>, input: PublishInput, accepted: Accepted): IdempotencyClaim[] {
  if (input.id === undefined && input.idempotencyKey === undefined) return [];
  const { tenant } = input;
  const bodyHash = input.bodyHash();
  const answer = { id: accepted.id, deliveries: accepted.deliveries };
  // The key comes first: whoever repeats a request with its key gets the first answer, whatever else repeats.
  const used = [
    { scope: input.keyScope ?? PUBLISH_SCOPE, key: input.idempotencyKey },
    { scope: EVENT_ID_SCOPE, key: input.id },
  ];
  return used.flatMap(({ scope, key }) =>
    key === undefined ? [] : [claimOf(ports, tenant, scope, key, bodyHash, answer)],
  );
}

/** What was answered when the id or key was used first. */
export function repeated(
  ports: Pick<Ports, 'sealer'>,
  tenant: Id,
  used: Extract<Refused, { kind: 'repeated' }>,
): Accepted | Problem {
  const answer = openAnswer<{ id: Id; deliveries: number }>(ports, tenant, used.answer);
  if (answer === null) return problem('secret_unavailable');
  return { kind: 'accepted', ...answer, repeats: used.scope === EVENT_ID_SCOPE ? 'id' : 'key' };
}

/** The refusal of an id or key that was used with another body. */
export function mismatched(scope: string): Problem {
  return problem('idempotency_mismatch', {
    detail:
      scope === EVENT_ID_SCOPE
        ? 'An event with this `id` was accepted with another body.'
        : 'This Idempotency-Key was used with another body.',
  });
}
