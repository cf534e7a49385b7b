/**
 * One inbound request: find its source, prove who sent it on the raw bytes, understand it, and store receipt, facts
 * and events in one transaction before answering. Nothing after the store changes the answer.
 */
import { dedupeKey } from '../core/dedupe.ts';
import { eventOf } from '../core/fact-event.ts';
import { redactHeaders } from '../core/header.ts';
import { HOPS_HEADER, hopsOf, MAX_HOPS } from '../core/hops.ts';
import { type Id, idAt, isId } from '../core/ids.ts';
import { type Parsed, parseJson } from '../core/json.ts';
import { type Reading, readers } from '../core/reader.ts';
import {
  type Outcome,
  REJECTED_BODY_BYTES,
  type ReadFact,
  type Receipt,
  repeatReason,
  type Verdict,
} from '../core/receipt.ts';
import { headerValues } from '../core/signature/headers.ts';
import { verify } from '../core/signature/judge.ts';
import { SOURCE_TYPES, type SourceConfig } from '../core/source.ts';
import type { EventAppend, Ports, ReceiptOutcome, ReceiptRequest } from '../ports.ts';
import type { FlowPorts, LiveConfiguration, LiveSource } from './configuration.ts';
import { eventAppend } from './targets.ts';

/** Which door a request came to. */
export type Door = { kind: 'typed'; route: string; sourceId: string } | { kind: 'secret'; key: string };

export interface InboundRequest {
  tenant: Id;
  door: Door;
  method: string;
  /** In the order received, repeated ones kept. */
  headers: readonly (readonly [string, string])[];
  body: Uint8Array;
}

/** What the sender is told; flat, as seed 001 shows. */
export type Received =
  /** Unknown, disabled, wrong method, wrong key: one answer for all. */
  | { kind: 'no_such_door' }
  | { kind: 'refused' }
  | { kind: 'secret_unavailable' }
  | {
      kind: 'stored';
      action: 'processed' | 'ignored' | 'duplicate';
      reason: string | null;
      receiptId: Id;
      /** The payload is authentic but says nothing we can read. */
      unreadable: { pointer: string | null } | null;
      door: Door['kind'];
    };

export type ReceivePorts = Pick<
  FlowPorts,
  'clock' | 'random' | 'mac' | 'store' | 'dispatch' | 'metrics' | 'configuration'
>;

const MAX_DEPTH = 64;
const MAX_REJECTED = 500;
const MAX_DECISIONS = 8;
const utf8 = new TextEncoder();

/** `stale`: another process has changed the configuration meanwhile, and nothing was stored. */
type Decided = Received | { kind: 'stale' };

/**
 * Takes one request in. Rejects only when the store failed; the sender should then send again. What the configuration
 * decides is stored only under the configuration that stands, so a door that another process closed is closed here too,
 * and one that it opened is open.
 */
export async function receive(ports: ReceivePorts, request: InboundRequest): Promise<Received> {
  const { tenant } = request;
  const receivedAtMs = ports.clock.nowMs();
  let configuration = await ports.configuration.of(tenant);
  for (let decisions = 0; decisions < MAX_DECISIONS; decisions++) {
    const decided = await receiveUnder(ports, request, configuration, receivedAtMs);
    if (decided.kind === 'stale') {
      configuration = await ports.configuration.refresh(tenant);
      continue;
    }
    // Asked whatever was wrong, so that the time taken tells nothing about it.
    const current = decided.kind === 'no_such_door' ? await ports.configuration.current(tenant) : configuration;
    if (current.version === configuration.version) return decided;
    configuration = current;
  }
  throw Object.assign(new Error('the configuration keeps changing'), { code: 'STORE_UNAVAILABLE' });
}

async function receiveUnder(
  ports: ReceivePorts,
  request: InboundRequest,
  configuration: LiveConfiguration,
  receivedAtMs: number,
): Promise<Decided> {
  const source = findSource(ports, configuration, request);
  if (source === null || !source.enabled || request.method !== 'POST') return { kind: 'no_such_door' };
  if (source.config === null) return { kind: 'secret_unavailable' };
  const capture = captureOf(ports, request, source, source.config, receivedAtMs);
  const verdict = verifyRequest(ports, request, source.config, receivedAtMs);
  if (!verdict.ok) return reject(ports, capture, verdict, configuration);
  const understood = understand(ports, request, source.config, capture);
  return store(ports, request, { ...capture, ...understood, verdict }, configuration);
}

function findSource(ports: ReceivePorts, configuration: LiveConfiguration, request: InboundRequest): LiveSource | null {
  const { door } = request;
  if (door.kind === 'secret') {
    // Looked up by digest, so that the time taken tells nothing about how much of a key was right.
    const digest = Buffer.from(ports.mac.sha256(door.key)).toString('hex');
    return configuration.sourcesByUrlKey.get(digest) ?? null;
  }
  const source = isId(door.sourceId) ? configuration.sources.get(door.sourceId) : undefined;
  if (!source?.config || SOURCE_TYPES[source.config.type].route !== door.route)
    return source?.config === null ? source : null;
  return source.config.scheme.type === 'url' ? null : source;
}

type Capture = Pick<Receipt, 'id' | 'tenant' | 'sourceId' | 'receivedAtMs' | 'method' | 'headers' | 'body'> & {
  plainHeaders: Readonly<Record<string, string>>;
  source: SourceConfig;
};

function captureOf(
  ports: ReceivePorts,
  request: InboundRequest,
  source: LiveSource,
  config: SourceConfig,
  receivedAtMs: number,
): Capture {
  const plainHeaders = Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
  return {
    id: idAt(receivedAtMs, ports.random.bytes(16)),
    tenant: request.tenant,
    sourceId: source.id,
    receivedAtMs,
    method: request.method,
    headers: redactHeaders(plainHeaders, 'header' in config.scheme ? [config.scheme.header] : []),
    plainHeaders,
    body: request.body,
    source: config,
  };
}

function verifyRequest(ports: ReceivePorts, request: InboundRequest, config: SourceConfig, nowMs: number): Verdict {
  const signed = {
    headers: headerValues(request.headers.flat()),
    body: request.body,
    secretUrl: request.door.kind === 'secret',
  };
  return verify(config.scheme, signed, config.secrets, ports.mac, nowMs);
}

async function reject(
  ports: ReceivePorts,
  capture: Capture,
  verdict: Verdict,
  configuration: LiveConfiguration,
): Promise<Decided> {
  // A copy: a part of the body would keep the whole of it alive until the store has written.
  const body = capture.body.slice(0, REJECTED_BODY_BYTES);
  const receipt = receiptOf({ ...capture, body }, verdict, 'rejected', verdict.reason);
  const recorded = await record(ports, configuration, receipt, { facts: [], events: [], dedupe: null });
  if (recorded.kind === 'stale') return recorded;
  ports.metrics.count('receipts_total', { outcome: 'rejected' });
  return { kind: 'refused' };
}

/** Records a receipt, if the configuration that its effects were decided on still stands. */
function record(
  ports: ReceivePorts,
  { version: configVersion }: LiveConfiguration,
  receipt: Receipt,
  effects: Pick<ReceiptRequest, 'facts' | 'events' | 'dedupe'>,
): Promise<ReceiptOutcome> {
  return ports.store.recordReceipt({ receipt, ...effects, configVersion, maxRejected: MAX_REJECTED });
}

function receiptOf(capture: Capture, verdict: Verdict, outcome: Outcome, reason: string | null): Receipt {
  const { plainHeaders: _plain, source: _source, ...captured } = capture;
  return { ...captured, verdict, outcome, reason, duplicateOf: null, bodyDiffers: false };
}

interface Understood {
  reading: Reading;
  dedupe: ReceiptRequest['dedupe'];
}

function understand(ports: ReceivePorts, request: InboundRequest, config: SourceConfig, capture: Capture): Understood {
  const parsed = parseJson(request.body, { maxDepth: MAX_DEPTH, topLevel: 'any' });
  const reading = readingOf(parsed, config, capture);
  const body = parsed.kind === 'parsed' ? parsed.value : undefined;
  const message = { headers: capture.plainHeaders, body, rawBody: request.body, reading };
  return { reading, dedupe: dedupeKey(config.type, message, ports.mac.sha256) };
}

function readingOf(parsed: Parsed, config: SourceConfig, capture: Capture): Reading {
  if (hopsOf(capture.plainHeaders) >= MAX_HOPS) {
    return { kind: 'ignored', reason: `It goes in a circle: it came through Hookyard ${MAX_HOPS} times or more.` };
  }
  if (parsed.kind === 'refused') return { kind: 'unreadable', reason: parsed.message };
  const { registry, timeZone } = config;
  const { plainHeaders: headers, receivedAtMs } = capture;
  return readers[config.type]({ body: parsed.value, headers, registry, timeZone, receivedAtMs });
}

async function store(
  ports: ReceivePorts,
  request: InboundRequest,
  verified: Capture & Understood & { verdict: Verdict },
  configuration: LiveConfiguration,
): Promise<Decided> {
  const { reading, dedupe, verdict, ...capture } = verified;
  const { outcome, reason } = conclusion(reading);
  const receipt = receiptOf(capture, verdict, outcome, reason);
  const facts = reading.kind === 'facts' ? reading.facts : [];
  const events = eventsOf(ports, receipt, facts, configuration);
  const stored = await record(ports, configuration, receipt, { facts, events, dedupe });
  if (stored.kind === 'stale') return stored;
  ports.metrics.count('receipts_total', { outcome: stored.kind === 'duplicate' ? 'duplicate' : outcome });
  const answer = { receiptId: receipt.id, door: request.door.kind };
  if (stored.kind === 'duplicate') {
    const repeats = repeatReason(stored.of, stored.bodyDiffers);
    return { kind: 'stored', action: 'duplicate', reason: repeats, unreadable: null, ...answer };
  }
  for (const handover of stored.handovers) ports.dispatch.offer(handover);
  const unreadable = reading.kind === 'unreadable' ? { pointer: reading.pointer ?? null } : null;
  return { kind: 'stored', action: outcome === 'processed' ? 'processed' : 'ignored', reason, unreadable, ...answer };
}

/** Until components exist no push matches one; its event is stored and delivered all the same. */
function conclusion(reading: Reading): { outcome: Outcome; reason: string } {
  if (reading.kind === 'unreadable') return { outcome: 'ignored', reason: `unreadable: ${reading.reason}` };
  if (reading.kind === 'ignored') return { outcome: 'ignored', reason: reading.reason };
  const onlyPings = reading.facts.every(({ fact }) => fact.kind === 'ping');
  return onlyPings
    ? { outcome: 'handshake', reason: 'A connection test.' }
    : { outcome: 'ignored', reason: 'No matching component' };
}

function eventsOf(
  ports: Pick<Ports, 'mac' | 'random' | 'dispatch'>,
  receipt: Receipt,
  facts: readonly ReadFact[],
  configuration: LiveConfiguration,
): EventAppend[] {
  const hops = hopsOf(receipt.headers);
  const headers: Record<string, string> = hops === 0 ? {} : { [HOPS_HEADER]: `${hops}` };
  return facts.flatMap(({ fact }) => {
    const made = eventOf(fact, { receiptId: receipt.id, sourceId: receipt.sourceId });
    if (made === null) return [];
    const event = {
      id: idAt(receipt.receivedAtMs, ports.random.bytes(16)),
      tenant: receipt.tenant,
      type: made.type,
      owner: null,
      externalId: null,
      orderingKey: null,
      tags: [],
      headers,
      occurredAtMs: (fact.kind === 'ping' ? null : fact.timeMs) ?? receipt.receivedAtMs,
      acceptedAtMs: receipt.receivedAtMs,
      source: { kind: 'receipt' as const, id: receipt.id },
      data: utf8.encode(JSON.stringify(made.data)),
    };
    return [eventAppend(event, made.data, configuration, ports)];
  });
}
