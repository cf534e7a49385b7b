/** One try of one delivery: render, send, judge, and say what is to be settled. */
import {
  type Answer,
  type AttemptDetail,
  type AttemptRecord,
  type Closing,
  KEPT_ANSWER_BYTES,
} from '../core/attempt.ts';
import { hasReferences } from '../core/credential.ts';
import { type Judgement, judge } from '../core/delivery.ts';
import { withoutEchoes } from '../core/echo.ts';
import type { HookEvent } from '../core/event.ts';
import type { FailureCode } from '../core/failure.ts';
import { redactHeaders } from '../core/header.ts';
import { idMs } from '../core/ids.ts';
import { profiles } from '../core/profile.ts';
import { pausedMs, type SubscriptionConfig } from '../core/subscription.ts';
import { renderRequest, type WireRequest } from '../core/wire.ts';
import type { Place, Ports, Settlement, Ticket, TlsPolicy } from '../ports.ts';
import type { ConfigurationCache, LiveSubscription } from './configuration.ts';
import { type Credentials, findCredentials } from './credentials.ts';

export interface Work {
  ticket: Ticket;
  event: HookEvent;
  subscription: LiveSubscription;
  config: SubscriptionConfig;
  /** An earlier send of this try may have reached the receiver before a crash. */
  mayRepeat: boolean;
  /** Called when the request is on its way. */
  onItsWay?: () => void;
}

/** A try and what it does to its delivery. */
export interface Tried {
  settlement: Settlement & { attempt: AttemptRecord };
  answer: Answer;
  judgement: Judgement;
}

export type DeliverPorts = Pick<Ports, 'clock' | 'random' | 'mac' | 'sender' | 'secretReferences'> & {
  configuration: Pick<ConfigurationCache, 'peekSubscription'>;
};

/**
 * Makes one try. Never rejects for anything the receiver does. Nothing is sent when a secret that stands elsewhere
 * cannot be read: the failure is `secret_unavailable`. Of credentials that the receiver sends back nothing is left.
 */
export async function deliver(ports: DeliverPorts, work: Work): Promise<Tried> {
  const { ticket, config } = work;
  const found: Credentials = hasReferences(config) ? await findCredentials(ports, config) : { kind: 'ready', config };
  const startedAtMs = ports.clock.nowMs();
  const complete = found.kind === 'ready' ? found.config : config;
  const wire = render(ports, work, complete, startedAtMs);
  const came = found.kind === 'ready' ? await send(ports, work, wire) : withoutSecret(found);
  const judgement = judgementOf(ports, work, came);
  const answer = came.kind === 'response' ? withoutEchoes(came, complete, work.event) : came;
  const verdict = ticket.kind === 'test' ? onlyTry(judgement) : judgement;
  const told = { ...verdict, because: { ...verdict.because, ...limitOf(came) } };
  return { settlement: settlementOf(work, wire, answer, told, startedAtMs), answer, judgement: verdict };
}

/** @param config with everything in it that `work.config` may only refer to */
function render(ports: DeliverPorts, work: Work, config: SubscriptionConfig, nowMs: number): WireRequest {
  const { ticket, event, subscription } = work;
  return renderRequest(
    {
      event,
      subscriptionId: subscription.id,
      config,
      deliveryId: ticket.deliveryId,
      isFirst: ticket.kind === 'first',
      n: ticket.n + 1,
      sequence: sequenceOf(ticket.place),
      madeAtMs: madeAtMs(ticket, event),
      dueMs: ticket.place.kind === 'due' ? ticket.place.dueMs : nowMs,
      nowMs,
    },
    ports.mac,
  );
}

function send(ports: DeliverPorts, { config, onItsWay }: Work, wire: WireRequest): Promise<Answer> {
  return ports.sender.send({
    url: config.url,
    method: config.method,
    headers: wire.headers,
    body: wire.body,
    timeoutMs: config.timeoutMs,
    tls: tlsPolicyOf(config),
    ...(onItsWay === undefined ? {} : { onItsWay }),
  });
}

const USUAL_TLS: TlsPolicy = { verify: true, ca: null };
const ownTls = new WeakMap<SubscriptionConfig, TlsPolicy>();

/** One object for as long as the configuration lives, so that the sender works it out once. */
function tlsPolicyOf(config: SubscriptionConfig): TlsPolicy {
  const { sslVerification: verify, customCa: ca } = config;
  if (verify && ca === null) return USUAL_TLS;
  const policy = ownTls.get(config) ?? { verify, ca };
  ownTls.set(config, policy);
  return policy;
}

function withoutSecret({ reference, reason }: Extract<Credentials, { kind: 'missing' }>): Answer {
  return {
    kind: 'failure',
    code: 'secret_unavailable',
    facts: { reference, reason },
    phases: { dns: null, connect: null, tls: null, send: null, firstByte: null, total: 0 },
    connection: { remoteAddress: null, reused: false, httpVersion: null },
  };
}

function judgementOf(ports: DeliverPorts, work: Work, answer: Answer): Judgement {
  const { ticket, config } = work;
  const nowMs = ports.clock.nowMs();
  const profile = profiles[config.profile];
  // It may have been paused while the try was under way.
  const subscription = ports.configuration.peekSubscription(work.subscription.id) ?? work.subscription;
  return judge(answer, config.retry, {
    n: ticket.n + 1,
    ageMs: ageMs({ ...work, subscription }, nowMs),
    nowMs,
    roll: ports.random.roll(),
    goneDisables: profile.goneDisables && ticket.kind !== 'test',
    heedsReceiver: profile.heedsReceiver && ticket.kind !== 'test',
  });
}

/** A test is tried once; the person asking sees the answer. */
function onlyTry(judgement: Judgement): Judgement {
  if (judgement.delivered) return judgement;
  return { ...judgement, next: { kind: 'close', closes: 'failed_permanent' }, because: {} };
}

/** How much of the answer is kept, where more came. Asked of what came: without its echoes it has another length. */
function limitOf(came: Answer): Record<string, string> {
  const isOver = came.kind === 'response' && came.truncated && came.body.length >= KEPT_ANSWER_BYTES;
  return isOver ? { limit: `${KEPT_ANSWER_BYTES / 1024} KiB` } : {};
}

/** When a delivery was made: its event's acceptance, or the request of a redelivery, which its id carries. */
function madeAtMs(ticket: Pick<Ticket, 'deliveryId' | 'kind'>, event: HookEvent): number {
  return ticket.kind === 'first' ? event.acceptedAtMs : idMs(ticket.deliveryId);
}

/** The place in the order of its key that an ordered delivery has for as long as it is open; null for others. */
export function sequenceOf(place: Place): number | null {
  return place.kind === 'lane' && place.key !== '' ? place.pos : null;
}

/** The age of a delivery without the time its subscription was paused by a person. */
export function ageMs(work: Pick<Work, 'ticket' | 'event' | 'subscription'>, nowMs: number): number {
  const fromMs = madeAtMs(work.ticket, work.event);
  return nowMs - fromMs - pausedMs(work.subscription.pauses, fromMs, nowMs);
}

/** Decided before anything left this machine. */
const NEVER_SENT: readonly FailureCode[] = ['ssrf_blocked', 'secret_unavailable'];

function settlementOf(
  work: Work,
  wire: WireRequest,
  answer: Answer,
  judgement: Judgement,
  atMs: number,
): Tried['settlement'] {
  const { ticket, event, subscription } = work;
  const closes = judgement.next.kind === 'close' ? judgement.next.closes : null;
  const attempt: AttemptRecord = {
    deliveryId: ticket.deliveryId,
    n: ticket.n + 1,
    eventId: event.id,
    subscriptionId: subscription.id,
    subscriptionVersion: subscription.version,
    tenant: event.tenant,
    atMs,
    sent: judgement.failure === null || !NEVER_SENT.includes(judgement.failure),
    delivered: judgement.delivered,
    statusCode: answer.kind === 'response' ? answer.status : null,
    failure: judgement.failure,
    responseTimeMs: Math.round(answer.phases.total),
    closes,
    detail: detailOf(work, wire, answer, judgement.because),
  };
  const next = judgement.next.kind === 'close' ? ({ kind: 'close' } as const) : judgement.next;
  return { ticket, attempt, next };
}

function detailOf(work: Work, wire: WireRequest, answer: Answer, because: Judgement['because']): AttemptDetail {
  const response = answer.kind === 'response' ? answer : null;
  return {
    envelopeAtMs: wire.envelopeAtMs,
    sequence: sequenceOf(work.ticket.place),
    phases: answer.phases,
    connection: answer.connection,
    facts: answer.kind === 'failure' ? { ...answer.facts, ...because } : because,
    responseHeaders: response === null ? null : redactHeaders(response.headers),
    responseBody: response?.body ?? null,
    responseTruncated: response?.truncated ?? false,
    responseLength: response?.length ?? null,
    mayRepeat: work.mayRepeat,
  };
}

/** Closes a delivery without a try: cancelled, expired, or isolated as poison. */
export function closeWithoutTry(
  ticket: Ticket,
  event: HookEvent,
  subscriptionVersion: number,
  why: {
    closes: Closing;
    failure: FailureCode;
    atMs: number;
    facts?: Readonly<Record<string, string>>;
    /** A try of it may be under way. */
    mayRepeat?: boolean;
  },
): Settlement {
  const attempt: AttemptRecord = {
    deliveryId: ticket.deliveryId,
    n: ticket.n + 1,
    eventId: event.id,
    subscriptionId: ticket.subscriptionId,
    subscriptionVersion,
    tenant: event.tenant,
    atMs: why.atMs,
    sent: false,
    delivered: false,
    statusCode: null,
    failure: why.failure,
    responseTimeMs: null,
    closes: why.closes,
    detail: {
      envelopeAtMs: why.atMs,
      sequence: sequenceOf(ticket.place),
      phases: null,
      connection: null,
      facts: why.facts ?? {},
      responseHeaders: null,
      responseBody: null,
      responseTruncated: false,
      responseLength: null,
      mayRepeat: why.mayRepeat ?? false,
    },
  };
  return { ticket, attempt, next: { kind: 'close' } };
}
