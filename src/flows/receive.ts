/**
 * One inbound request: find its source, prove who sent it on the raw bytes, understand it, and store receipt, facts
 * and events in one transaction before answering. Nothing after the store changes the answer.
 */
import { type Permission, permission } from '../core/handshake.ts';
import type { Id } from '../core/ids.ts';
import type { Reading } from '../core/reader.ts';
import { HELD_REASON, repeatReason, type Verdict } from '../core/receipt.ts';
import { headerValues } from '../core/signature/headers.ts';
import { verify } from '../core/signature/judge.ts';
import type { RateLimit } from '../core/subscription.ts';
import { type Conclusion, conclude, isConnectionTest, type Understood, understand } from '../core/understanding.ts';
import type { FlowPorts, LiveConfiguration } from './configuration.ts';
import { eventsOf } from './fact-events.ts';
import { findDoor, type InboundRequest } from './receive/door.ts';
import { type Arrival, heldReceipt, NO_EFFECTS, receiptOf, record, rejectedReceipt } from './receive/record.ts';
import { createRejections, type Rejections } from './receive/rejections.ts';
import { createShedding, type Shedding } from './receive/shedding.ts';
import { beginningOf, keeping } from './receive/turned-away.ts';
import { findSourceSecrets } from './source-secrets.ts';
import type { OpenSource } from './sources.ts';

/** What the sender is told; flat, as seed 001 shows. */
export type Received =
  /** Unknown, disabled, wrong method, wrong key, an address that is not on the list: one answer for all. */
  | { kind: 'no_such_door' }
  | { kind: 'refused' }
  | { kind: 'secret_unavailable' }
  /** The configuration changed under each decision; nothing was stored, and the same request may be taken at once. */
  | { kind: 'restless' }
  /** Over the limit of its source; nothing was stored. */
  | { kind: 'too_large'; maxBytes: number }
  /** More than its source takes at once; nothing was stored. */
  | { kind: 'shed'; retryAfterMs: number; limit: RateLimit }
  /** Who asked may send. */
  | { kind: 'permitted'; permission: Permission }
  | {
      kind: 'stored';
      action: 'processed' | 'ignored' | 'duplicate';
      reason: string | null;
      receiptId: Id;
      /** The payload is authentic but says nothing we can read. */
      unreadable: { pointer: string | null } | null;
      /** What a sender that tests the connection wants back. */
      echo: Readonly<Record<string, string>> | null;
    };

export type ReceivePorts = Pick<
  FlowPorts,
  | 'clock'
  | 'random'
  | 'mac'
  | 'sealer'
  | 'secretReferences'
  | 'store'
  | 'dispatch'
  | 'metrics'
  | 'log'
  | 'configuration'
>;

export interface Receive {
  /** Takes one request in. Rejects only when the store failed; the sender should then send again. */
  (request: InboundRequest): Promise<Received>;
  /** Resolves when nothing is left to note down of requests that were answered. */
  settled(): Promise<void>;
}

export const NOT_FOR_YOU = 'address_not_allowed';
const SECRET_UNAVAILABLE = 'secret_unavailable';

/**
 * Far more than elsewhere: who calls the API asks again, but many senders never do. While ten callers change the
 * configuration as fast as they can, about every second decision is stale.
 */
const MAX_DECISIONS = 32;

/** Answers that the store has given, under the configuration that stands. */
const STORED: ReadonlySet<Decided['kind']> = new Set<Decided['kind']>(['stored', 'refused', 'permitted']);

/** `stale`: another process has changed the configuration meanwhile, and nothing was stored. */
type Decided = Received | { kind: 'stale' } | { kind: 'not_for_you' | 'secret_unread'; source: OpenSource };

/** One request on its way through the decisions. */
interface Visit extends Arrival {
  ports: ReceivePorts;
  shedding: Shedding;
  rejections: Rejections;
  /** Whether it counts under the rate of its source by now. */
  isCounted: boolean;
}

/** The doors of one process. */
export function createReceive(ports: ReceivePorts): Receive {
  const shedding = createShedding(ports);
  const rejections = createRejections(ports, shedding.later);
  const take = (request: InboundRequest) => {
    const headers = Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
    const arrival = { request, receivedAtMs: ports.clock.nowMs(), headers };
    return receive({ ...arrival, ports, shedding, rejections, isCounted: false });
  };
  return Object.assign(take, { settled: shedding.settled });
}

/**
 * What the configuration decides is stored only under the configuration that stands, so a door that another process
 * closed is closed here too, and one that it opened is open.
 */
async function receive(visit: Visit): Promise<Received> {
  const { ports, request } = visit;
  const { tenant } = request;
  let configuration = await ports.configuration.of(tenant);
  for (let decisions = 0; decisions < MAX_DECISIONS; decisions++) {
    const decided = await receiveUnder(visit, configuration);
    if (decided.kind === 'stale') {
      configuration = await ports.configuration.refresh(tenant);
      continue;
    }
    // Asked whatever was wrong, so that the time taken tells nothing about it.
    const current = STORED.has(decided.kind) ? configuration : await ports.configuration.current(tenant);
    if (current.version === configuration.version) return told(visit, decided);
    configuration = current;
  }
  return { kind: 'restless' };
}

function told(visit: Visit, decided: Exclude<Decided, { kind: 'stale' }>): Received {
  const { metrics } = visit.ports;
  switch (decided.kind) {
    case 'not_for_you':
      // Not with the answer, nor with the next one: the time that storing takes would tell that the door is there.
      visit.shedding.aside(keeping(visit, decided.source, NOT_FOR_YOU));
      metrics.count('inbound_turned_away_total', { reason: 'no_such_door' });
      return { kind: 'no_such_door' };
    case 'secret_unread':
      visit.shedding.later(keeping(visit, decided.source, SECRET_UNAVAILABLE));
      return { kind: 'secret_unavailable' };
    case 'no_such_door':
      // As much is copied where nothing will be kept.
      beginningOf(visit);
      metrics.count('inbound_turned_away_total', { reason: decided.kind });
      return decided;
    case 'too_large':
    case 'shed':
      metrics.count('inbound_turned_away_total', { reason: decided.kind });
      return decided;
    default:
      return decided;
  }
}

async function receiveUnder(visit: Visit, configuration: LiveConfiguration): Promise<Decided> {
  const { ports, request, receivedAtMs, shedding, rejections } = visit;
  const found = findDoor(ports, configuration, request, receivedAtMs);
  if (found.kind === 'sealed') return { kind: 'secret_unavailable' };
  if (found.kind !== 'source') return found;
  const { source } = found;
  const { maxBodyBytes, rateLimit } = source.config;
  if (maxBodyBytes !== null && request.body.length > maxBodyBytes) return { kind: 'too_large', maxBytes: maxBodyBytes };
  const proved = await prove(visit, source);
  if (proved.kind !== 'verdict') return { kind: 'secret_unread', source };
  const { verdict } = proved;
  const asks = request.method === 'OPTIONS';
  if (!verdict.ok) return asks ? { kind: 'no_such_door' } : refuse(visit, source, verdict, configuration);
  rejections.proved(source.id);
  const retryAfterMs = visit.isCounted ? 0 : shedding.waitMs(source);
  if (rateLimit !== null && retryAfterMs > 0) return shed(visit, source.id, rateLimit, retryAfterMs);
  visit.isCounted = true;
  return asks ? permit(visit, source, verdict, configuration) : takeIn(visit, source, verdict, configuration);
}

async function prove(
  { ports, request, receivedAtMs, shedding }: Visit,
  { id: sourceId, config }: OpenSource,
): Promise<{ kind: 'verdict'; verdict: Verdict } | { kind: 'secret_unread' }> {
  const found = await findSourceSecrets(ports, config, receivedAtMs);
  if (found.kind === 'missing') {
    const { reference, reason } = found;
    if (shedding.isNews('secret_unread', sourceId))
      ports.log.error('source.secret_unavailable', { sourceId, reference, reason });
    return { kind: 'secret_unread' };
  }
  const headers = headerValues(request.headers.flat());
  const signed = { headers, body: request.body, secretUrl: request.door.kind === 'secret' };
  return { kind: 'verdict', verdict: verify(config.scheme, signed, found.secrets, ports.mac, receivedAtMs) };
}

function shed({ ports, shedding }: Visit, sourceId: Id, limit: RateLimit, retryAfterMs: number): Received {
  if (shedding.isNews('rate', sourceId)) ports.log.warn('source.rate_limited', { sourceId, ...limit });
  return { kind: 'shed', retryAfterMs, limit };
}

async function refuse(
  visit: Visit,
  source: OpenSource,
  verdict: Verdict,
  configuration: LiveConfiguration,
): Promise<Decided> {
  const receipt = rejectedReceipt(visit.ports, visit, source, verdict);
  const recorded = await record(visit.ports, configuration, receipt, NO_EFFECTS);
  if (recorded.kind === 'stale') return recorded;
  visit.rejections.rejected(source);
  return { kind: 'refused' };
}

/** Answers a sender that asks whether it may send. */
async function permit(
  visit: Visit,
  source: OpenSource,
  verdict: Verdict,
  configuration: LiveConfiguration,
): Promise<Decided> {
  const permitted = permission(visit.headers, source.config.rateLimit);
  if (permitted === null) return { kind: 'no_such_door' };
  const result = { verdict, outcome: 'handshake', reason: 'It asked whether it may send here.' } as const;
  const receipt = receiptOf(visit.ports, visit, source, result);
  const recorded = await record(visit.ports, configuration, receipt, NO_EFFECTS);
  return recorded.kind === 'stale' ? recorded : { kind: 'permitted', permission: permitted };
}

async function takeIn(
  visit: Visit,
  source: OpenSource,
  verdict: Verdict,
  configuration: LiveConfiguration,
): Promise<Decided> {
  const { ports, request, headers, receivedAtMs } = visit;
  const understood = understand({ headers, body: request.body, receivedAtMs }, source.config, ports.mac.sha256);
  const { reading, dedupe, replay } = understood;
  // A connection test makes nothing that could be held, and its sender waits for an answer.
  const isHeld = source.config.pausedAtMs !== null && !isConnectionTest(reading);
  // Without the payload: it would stay in memory until the store has written.
  return isHeld
    ? hold(visit, source, verdict, configuration, { reading, dedupe, replay })
    : act(visit, source, verdict, configuration, { reading, dedupe, replay }, conclude(understood, source.filters));
}

/** What of a message is needed until it is stored. */
type Kept = Pick<Understood, 'reading' | 'dedupe' | 'replay'>;

/** A paused source takes what it is sent, and makes nothing of it yet. */
async function hold(
  visit: Visit,
  source: OpenSource,
  verdict: Verdict,
  configuration: LiveConfiguration,
  { reading, dedupe, replay }: Kept,
): Promise<Decided> {
  const receipt = heldReceipt(visit.ports, visit, source, verdict);
  const facts = reading.kind === 'facts' ? reading.facts : [];
  const recorded = await record(visit.ports, configuration, receipt, { facts, events: [], dedupe, replay });
  if (recorded.kind === 'stale') return recorded;
  const answer = { receiptId: receipt.id, unreadable: null, echo: null };
  if (recorded.kind === 'duplicate') return repeated(recorded, answer);
  return { kind: 'stored', action: 'ignored', reason: HELD_REASON, ...answer };
}

async function act(
  visit: Visit,
  source: OpenSource,
  verdict: Verdict,
  configuration: LiveConfiguration,
  { reading, dedupe, replay }: Kept,
  { outcome, reason, facts, acted }: Conclusion,
): Promise<Decided> {
  const { ports } = visit;
  const receipt = receiptOf(ports, visit, source, { verdict, outcome, reason });
  const events = await eventsOf(ports, receipt, acted, configuration, receipt.receivedAtMs);
  const recorded = await record(ports, configuration, receipt, { facts, events, dedupe, replay });
  if (recorded.kind === 'stale') return recorded;
  const answer = { receiptId: receipt.id, ...wanted(reading) };
  if (recorded.kind === 'duplicate') return repeated(recorded, answer);
  for (const handover of recorded.handovers) ports.dispatch.offer(handover);
  return { kind: 'stored', action: actionOf(outcome), reason, ...answer };
}

type Stored = Extract<Received, { kind: 'stored' }>;

function wanted(reading: Reading): Pick<Stored, 'unreadable' | 'echo'> {
  return {
    unreadable: reading.kind === 'unreadable' ? { pointer: reading.pointer ?? null } : null,
    echo: reading.kind === 'handshake' ? reading.echo : null,
  };
}

function actionOf(outcome: Conclusion['outcome']): Stored['action'] {
  return outcome === 'processed' ? 'processed' : 'ignored';
}

function repeated(
  { of, bodyDiffers }: { of: Id; bodyDiffers: boolean },
  answer: Pick<Stored, 'receiptId' | 'unreadable' | 'echo'>,
): Stored {
  return { kind: 'stored', action: 'duplicate', reason: repeatReason(of, bodyDiffers), ...answer };
}
