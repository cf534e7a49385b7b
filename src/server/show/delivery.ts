import type { AttemptRecord } from '../../core/attempt.ts';
import { hasReferences } from '../../core/credential.ts';
import { statusOf } from '../../core/delivery.ts';
import type { HookEvent } from '../../core/event.ts';
import { type Id, idMs } from '../../core/ids.ts';
import { nextProbeMs } from '../../core/probe.ts';
import { type ProfileName, profiles } from '../../core/profile.ts';
import { isoTime, isoTimeOrNull } from '../../core/time.ts';
import { idempotencyKey } from '../../core/wire.ts';
import type { FlowPorts, LiveConfiguration, LiveSubscription } from '../../flows/configuration.ts';
import { findCredentials } from '../../flows/credentials.ts';
import { sequenceOf } from '../../flows/deliver.ts';
import { type PastRequest, pastRequest } from '../../flows/past-request.ts';
import type { DeliveryView } from '../../ports.ts';
import { showFailure } from './failure.ts';
import { type Lacks, type ShownReason, showHold } from './held.ts';
import { showBeginning } from './text.ts';

/** What the fields of a delivery come from. */
export interface DeliveryParts {
  view: DeliveryView;
  /** As it stands now; undefined when it is gone. */
  subscription: LiveSubscription | undefined;
  /** What the last attempt sent. */
  sent: PastRequest | null;
  /** null when the event is gone. */
  idempotencyKey: string | null;
  /** What keeps an open delivery from being signed or authenticated; null when nothing does. */
  lacks: Lacks | null;
  nowMs: number;
}

/**
 * Gathers and shows deliveries of one tenant.
 * @param maxBodyBytes how much of each body is shown; all of it unless told
 */
export function deliveryShower(
  ports: FlowPorts,
  tenant: Id,
  maxBodyBytes = Number.POSITIVE_INFINITY,
): (view: DeliveryView) => Promise<ReturnType<typeof showDelivery>> {
  // Deliveries of one event stand together in lists; the events of a whole page would be hundreds of megabytes.
  let last: { id: Id; event: Promise<HookEvent | null> } | null = null;
  let configuration: Promise<LiveConfiguration> | null = null;
  function eventOf(id: Id): Promise<HookEvent | null> {
    if (last?.id !== id) last = { id, event: ports.store.event(tenant, id).then((stored) => stored?.event ?? null) };
    return last.event;
  }
  return async (view) => {
    const event = await eventOf(view.event.id);
    configuration ??= ports.configuration.current(tenant);
    const { subscriptions } = await configuration;
    const attempt = attemptOf(view);
    const sent = event === null || attempt === null ? null : await pastRequest(ports, attempt, event, view.kind);
    const subscription = subscriptions.get(view.subscriptionId);
    const key = event === null ? null : keyOf(ports, view, event, subscription, sent);
    const lacks = view.open === null || subscription === undefined ? null : await lacksOf(ports, subscription);
    const nowMs = ports.clock.nowMs();
    return showDelivery({ view, subscription, sent, idempotencyKey: key, lacks, nowMs }, maxBodyBytes);
  };
}

/** Asked anew: a delivery that waits for a secret leaves no attempt that could tell. */
async function lacksOf(
  ports: Pick<FlowPorts, 'secretReferences'>,
  { config, missingKeyId }: LiveSubscription,
): Promise<Lacks | null> {
  if (config === null) return missingKeyId === null ? {} : { keyId: missingKeyId };
  if (!hasReferences(config)) return null;
  const found = await findCredentials(ports, config);
  return found.kind === 'ready' ? null : { reference: found.reference, reason: found.reason };
}

/** The profile of what was sent last; before that, the one it would be sent with now. */
function profileOf({ subscription, sent }: Pick<DeliveryParts, 'subscription' | 'sent'>): ProfileName | undefined {
  return sent?.profile ?? subscription?.config?.profile;
}

function isWithoutEvent(parts: DeliveryParts): boolean {
  const { kind } = parts.view;
  const profile = profileOf(parts);
  return kind !== 'first' && profile !== undefined && profiles[profile].repeatsWithoutEvent;
}

/** The key as it was sent last; before that, as it would be sent now. */
function keyOf(
  { mac }: Pick<FlowPorts, 'mac'>,
  { subscriptionId, kind }: DeliveryView,
  event: HookEvent,
  subscription: LiveSubscription | undefined,
  sent: PastRequest | null,
): string {
  const config = { profile: profileOf({ subscription, sent }) ?? 'stella' };
  const keyed = { event, subscriptionId, config, isFirst: kind === 'first' };
  return sent?.headers['hookyard-idempotency-key'] ?? idempotencyKey(keyed, mac.sha256);
}

/** Whose fields a delivery shows: its last try, or the row that closed it before any. */
function attemptOf({ tried, last }: DeliveryView): AttemptRecord | null {
  return tried ?? last;
}

/** A delivery as the API shows it: the attempt's fields are those of its last attempt. */
function showDelivery(parts: DeliveryParts, maxBodyBytes: number) {
  const { view, subscription, sent, idempotencyKey: key } = parts;
  const { last, open, event, kind } = view;
  const closes = last?.closes ?? null;
  const failure = showFailure(last, sent);
  const shown = attemptOf(view);
  const body = showBeginning(sent?.body, maxBodyBytes);
  const response = showBeginning(shown?.detail.responseBody, maxBodyBytes);
  return {
    id: view.deliveryId,
    deliveryId: view.deliveryId,
    deliveryUuid: view.deliveryId,
    eventId: isWithoutEvent(parts) ? null : event.id,
    eventKind: event.type,
    subscriptionId: view.subscriptionId,
    kind,
    redeliverOf: view.redeliverOf,
    status: statusOf({ open: open !== null, attempts: view.attempts, closes }),
    ...showHeld(parts),
    sequence: sequence(view),
    attempt: view.tried?.n ?? 0,
    attempts: view.attempts,
    maxAttempts: maxAttempts(parts),
    nextRetryAt: nextRetryAt(view),
    createdAt: isoTime(kind === 'first' ? event.acceptedAtMs : idMs(view.deliveryId)),
    startedAt: isoTimeOrNull(shown?.atMs ?? null),
    completedAt: isoTimeOrNull(completedAtMs(shown)),
    closedAt: open === null ? isoTimeOrNull(completedAtMs(last)) : null,
    idempotencyKey: key,
    // Before the first try nothing was sent: where it will go stands in the subscription.
    url: sent?.url ?? (last === null ? (subscription?.config?.url ?? null) : null),
    method: sent?.method ?? (last === null ? (subscription?.config?.method ?? null) : null),
    headers: sent?.headers ?? {},
    body: body.text,
    bodyTruncated: body.truncated,
    statusCode: shown?.statusCode ?? null,
    responseHeaders: shown?.detail.responseHeaders ?? null,
    responseBody: response.text,
    responseTruncated: response.truncated || (shown?.detail.responseTruncated ?? false),
    responseTime: shown?.responseTimeMs ?? null,
    success: last?.delivered ?? false,
    errorSummary: failure.error,
    ...failure,
  };
}

/** One that is closed keeps what it was tried with; an open one follows its subscription. */
function maxAttempts({ view, subscription, sent }: DeliveryParts): number | null {
  if (view.kind === 'test') return 1;
  if (view.open === null && sent !== null) return sent.maxAttempts;
  const config = subscription?.config;
  return config ? config.retry.maxRetries + 1 : null;
}

function showHeld(parts: DeliveryParts) {
  const reason = heldReason(parts);
  const { view, subscription, lacks, nowMs } = parts;
  const hold = view.open?.hold ?? null;
  const isProbed = reason === 'circuit' || reason === 'disabled';
  const times = {
    sinceMs: reason === null ? null : heldSinceMs(reason, parts),
    nextProbeMs: isProbed && subscription !== undefined ? nextProbeMs(subscription, hold, nowMs) : null,
  };
  return {
    heldReason: reason,
    heldSince: isoTimeOrNull(times.sinceMs),
    nextProbeAt: isoTimeOrNull(times.nextProbeMs),
    ...showHold(reason, times, lacks),
  };
}

/** Since when the reason holds. Of what waits for a key of its own, or for a secret, nobody has noted it. */
function heldSinceMs(reason: ShownReason, { view: { open }, subscription }: DeliveryParts): number | null {
  const state = subscription?.state;
  if (state !== undefined && state.kind !== 'active') return state.sinceMs;
  const hold = open?.hold ?? null;
  return hold !== null && reason === hold.reason && reason !== 'ordered' ? hold.sinceMs : null;
}

/** What a lane was opened for says nothing of each delivery in it, and may be over: only an open circuit holds all. */
function heldReason({ view: { open, attempts }, subscription, lacks }: DeliveryParts): ShownReason | null {
  if (open === null) return null;
  const state = subscription?.state.kind ?? 'active';
  if (state !== 'active') return state;
  if (lacks !== null) return 'secret';
  if (open.hold === null || open.hold.reason === 'circuit') return open.hold?.reason ?? null;
  if (sequenceOf(open.place) === null) return 'full';
  // Who was tried is the first of its key, and waits for nothing but its own next try.
  return attempts === 0 ? 'ordered' : null;
}

function sequence({ open, last }: DeliveryView): number | null {
  return (open === null ? null : sequenceOf(open.place)) ?? last?.detail.sequence ?? null;
}

function nextRetryAt({ open, last }: DeliveryView): string | null {
  if (open === null || last === null) return null;
  const { place } = open;
  if (place.kind === 'due') return isoTime(place.dueMs);
  // An ordered delivery waits for its next try in its place.
  return sequenceOf(place) === null ? null : isoTime(place.notBeforeMs);
}

function completedAtMs(last: AttemptRecord | null): number | null {
  return last === null ? null : last.atMs + (last.responseTimeMs ?? 0);
}
