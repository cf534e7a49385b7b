import { type Networks, readNetworks } from '../core/address.ts';
import { ALL_NODE_ROLES, type NodeRole } from '../core/node-role.ts';
import type { FlowPorts } from '../flows/configuration.ts';
import { createReceive, type Receive } from '../flows/receive.ts';
import { createLargeBodies, type LargeBodies } from './large-bodies.ts';
import { BATCH_MEMORY, emptyLoad, type Load, MAX_REQUEST_BYTES } from './load.ts';

/** What `/readyz` answers with; `checks` says in words what is fine and what is not. */
export interface Readiness {
  ready: boolean;
  checks: Readonly<Record<string, string>>;
}

export interface ServerOptions {
  /** Shown in the OpenAPI document. */
  version: string;
  /** Whether this instance can do its work now: the store answers and the worker beats. */
  readiness(): Promise<Readiness>;
  /** What this process does; everything unless told. It answers 421 to calls that others are for. */
  roles?: ReadonlySet<NodeRole> | undefined;
  /** Origin that callers reach this instance at, for URLs in answers; else the one a request was sent to. */
  publicUrl?: string | undefined;
  /** Where deliveries come from; told in the OpenAPI document. */
  egressIps?: readonly string[] | undefined;
  /** Requests being answered at once, probes and bodies on their way apart; more are shed with 429. 4096 unless told. */
  maxInFlight?: number | undefined;
  /** Memory for request bodies at once, at least one of the largest; more are shed with 429. 256 MiB unless told. */
  maxRequestBytes?: number | undefined;
  /** Connections of callers at once, where the instance listens itself; those beyond get 503. 10,000 unless told. */
  maxConnections?: number | undefined;
  /** Replaces the limit of events (1 MiB) and of inbound requests (5 MiB). */
  maxBodyBytes?: number | undefined;
  /** Takes back memory that large bodies left behind; left to the runtime unless told. */
  collect?: (() => void) | undefined;
  /** Addresses and networks of proxies whose word on the sender's address is taken; none unless told. */
  trustedProxies?: readonly string[] | undefined;
}

/** Largest bodies in bytes, by what they carry. */
export interface BodyLimits {
  event: number;
  /** Of a batch of events, each within the limit of one. */
  batch: number;
  receipt: number;
  management: number;
}

const MEBIBYTE = 1024 * 1024;
/** Largest events that a batch has room for, as long as it stays within `MAX_BATCH`. */
const EVENTS_IN_BATCH = 8;
/** Ordinary events of this size are parsed in 100 ms, and nobody else has a turn meanwhile. */
const MAX_BATCH = 16 * MEBIBYTE;

/** The body limits of an instance. */
export function bodyLimits(options: Pick<ServerOptions, 'maxBodyBytes' | 'maxRequestBytes'>): BodyLimits {
  const { maxBodyBytes: event = MEBIBYTE, maxRequestBytes = MAX_REQUEST_BYTES } = options;
  const affordable = Math.floor(maxRequestBytes / BATCH_MEMORY);
  return {
    event,
    batch: Math.max(event, Math.min(EVENTS_IN_BATCH * event, MAX_BATCH, affordable)),
    receipt: options.maxBodyBytes ?? 5 * MEBIBYTE,
    management: MEBIBYTE,
  };
}

/** What every endpoint works with. */
export interface Server {
  ports: FlowPorts;
  options: ServerOptions;
  limits: BodyLimits;
  roles: ReadonlySet<NodeRole>;
  trustedProxies: Networks;
  /** Callers' keys whose first request is running in this process. */
  running: Set<string>;
  load: Load;
  /** Room for large bodies at the doors. */
  largeBodies: LargeBodies;
  /** The inbound doors of this process. */
  receive: Receive;
}

/** A server over its ports. */
export function createServer(ports: FlowPorts, options: ServerOptions): Server {
  const limits = bodyLimits(options);
  const { roles = ALL_NODE_ROLES } = options;
  const trustedProxies = networksOf(options.trustedProxies ?? []);
  return {
    ports,
    options,
    limits,
    roles,
    trustedProxies,
    running: new Set(),
    load: loadOf(options, limits),
    largeBodies: createLargeBodies(ports.clock, LARGE_LIMITS, options.collect),
    receive: createReceive(ports),
  };
}

function networksOf(texts: readonly string[]): Networks {
  const read = readNetworks(texts);
  if (read.kind === 'refused') throw new Error(`no network: ${texts[read.faults[0]?.at ?? 0]}`);
  return read.networks;
}

const MAX_IN_FLIGHT = 4096;
/** One body of 5 MiB, and smaller ones beside it. `npm run bench -- flood` shows what that takes. */
const LARGE_LIMITS = { bytes: 8 * MEBIBYTE, waitMs: 5000, waiting: 256, stayMs: 1000 };

function loadOf(options: ServerOptions, limits: BodyLimits): Load {
  const { maxInFlight = MAX_IN_FLIGHT, maxRequestBytes = MAX_REQUEST_BYTES } = options;
  const largest = Math.max(BATCH_MEMORY * limits.event, limits.receipt, limits.management);
  const maxBytes = Math.max(maxRequestBytes, largest);
  return emptyLoad({ maxInFlight, maxBytes });
}
