/** What is taken on at once, in requests and in bytes of their bodies, and how callers share it. */
import type { Id } from '../core/ids.ts';
import { type Problem, problem } from '../core/problem.ts';

export interface Load {
  /** Requests being answered now; probes and those whose body is still on its way are not among them. */
  inFlight: number;
  readonly maxInFlight: number;
  /** Memory taken by request bodies, from their first chunk to their answer. */
  bytes: number;
  readonly maxBytes: number;
  /** By tenant, or the doors. */
  readonly parties: Map<string, Party>;
}

/** Those who share what there is: a tenant with all its keys, or all senders at the doors together. */
export interface Party {
  readonly name: string;
  /** Requests here, whether their body is on its way or not. */
  stays: number;
  inFlight: number;
  bytes: number;
}

/** One request from its arrival to its answer, with what it takes meanwhile. */
export interface Stay {
  readonly route: string;
  readonly method: string;
  readonly requestId: Id;
  places: 0 | 1;
  bytes: number;
  /** null until it is known who asks. */
  party: Party | null;
  /** What else it gives back when it leaves. */
  leaves: (() => void)[];
  /** Whether it has left: what it gets after that, it has to give back itself. */
  hasLeft: boolean;
}

/** The party of inbound requests: whose they are is known only after their body was read. */
export const DOORS = 'doors';

/** Parties that stay known while they do nothing; a fresh one for each request would cost the hot path. */
const IDLE_PARTIES = 1000;

const refusal = (detail: string) => problem('overloaded', { detail, retryAfterSeconds: 1 });

/** The refusal of a request beyond the limit. */
export const OVERLOADED = refusal('As many requests as the server takes at once are being answered.');
const OVER_SHARE = refusal('More than half of what the server does is for you, and others want their share.');
const OVER_BYTES = refusal('The bodies of requests take as much memory as they may.');

/** Nothing taken yet. */
export function emptyLoad(limits: Pick<Load, 'maxInFlight' | 'maxBytes'>): Load {
  return { inFlight: 0, bytes: 0, parties: new Map(), ...limits };
}

/** A request that has just come. */
export function arrival(route: string, method: string, requestId: Id): Stay {
  return { route, method, requestId, places: 0, bytes: 0, party: null, leaves: [], hasLeft: false };
}

/** Probes are answered whatever the load: a supervisor should not kill what is only busy. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** Whether this is a target, or route, that takes no place. */
export function isProbe(target: string): boolean {
  return PROBES.has(target.split('?', 1)[0] ?? '');
}

/** Takes a place for a request; false when there is none. */
export function enter(load: Load, stay: Stay): boolean {
  if (isProbe(stay.route)) return true;
  if (load.inFlight >= load.maxInFlight) return false;
  stay.places = 1;
  load.inFlight++;
  return true;
}

/** Gives back everything a request took. */
export function leave(load: Load, stay: Stay): void {
  stay.hasLeft = true;
  move(load, stay, -stay.places);
  load.bytes -= stay.bytes;
  const { party, leaves } = stay;
  for (const giveBack of leaves) giveBack();
  if (party === null) return;
  party.bytes -= stay.bytes;
  party.stays--;
  if (party.stays === 0 && load.parties.size > IDLE_PARTIES) load.parties.delete(party.name);
}

/** Notes who asks, as soon as that is known; refuses who takes more than a share. */
export function seat(load: Load, stay: Stay, name: string): Problem | null {
  const party = partyOf(load, name);
  if (crowds(party.inFlight, load.inFlight, load.maxInFlight)) return OVER_SHARE;
  stay.party = party;
  party.stays++;
  party.inFlight += stay.places;
  return null;
}

function partyOf({ parties }: Load, name: string): Party {
  const known = parties.get(name);
  if (known !== undefined) return known;
  const party: Party = { name, stays: 0, inFlight: 0, bytes: 0 };
  parties.set(name, party);
  return party;
}

/** While more than half is free anybody may take it; after that, nobody who has more than half of what is taken. */
function crowds(own: number, taken: number, max: number): boolean {
  return taken > max / 2 && own > taken / 2;
}

/**
 * Waits for the body of a seated request without counting its place: bodies take as long as their senders like, and a
 * few thousand slow ones would shut everybody out. What has come is taken only where there is room again.
 */
export async function awaitBody<Body extends { kind: string }>(
  load: Load,
  stay: Stay,
  read: () => Promise<Body>,
): Promise<Body | Problem> {
  move(load, stay, -stay.places);
  try {
    const body = await read();
    return body.kind === 'problem' ? body : (noPlace(load, stay) ?? body);
  } finally {
    move(load, stay, stay.places);
  }
}

function move(load: Load, { party }: Stay, places: number): void {
  load.inFlight += places;
  if (party !== null) party.inFlight += places;
}

function noPlace(load: Load, { party }: Stay): Problem | null {
  if (load.inFlight >= load.maxInFlight) return OVERLOADED;
  // One more than taken: the place it comes back to.
  return party !== null && crowds(party.inFlight, load.inFlight + 1, load.maxInFlight) ? OVER_SHARE : null;
}

/** Whether a request's body may take `bytes` more; null when it may. */
export function bytesRefusal(load: Load, { bytes: own, party }: Stay, bytes: number): Problem | null {
  if (load.bytes + bytes > load.maxBytes) return OVER_BYTES;
  // Its own bytes do not speak against it, so that a single large body always gets through.
  return party !== null && crowds(party.bytes - own, load.bytes, load.maxBytes) ? OVER_SHARE : null;
}

/** Counts `bytes` more for a request's body; they are given back when it leaves. Refused, nothing is counted. */
export function hold(load: Load, stay: Stay, bytes: number): Problem | null {
  if (bytes === 0) return null;
  const refused = bytesRefusal(load, stay, bytes);
  if (refused !== null) return refused;
  load.bytes += bytes;
  stay.bytes += bytes;
  if (stay.party !== null) stay.party.bytes += bytes;
  return null;
}

/** Memory of a batch in sizes of its body: the body, what it parses to, and the data of each event on its own. */
export const BATCH_MEMORY = 3;

/** Counts what a batch takes beside its body, until it is answered. */
export function holdBatch(load: Load, stay: Stay, bodyBytes: number): Problem | null {
  return hold(load, stay, (BATCH_MEMORY - 1) * bodyBytes);
}

/** The limits of an instance that follow from what it runs on. */
export interface Admission {
  /** Of request bodies in memory at once. */
  maxRequestBytes: number;
  /** Connections of callers. */
  maxConnections: number;
}

/** What a process gets from its machine or container; null = not told. */
export interface Machine {
  memoryBytes: number;
  openFiles: number | null;
}

/** Bodies in memory at once, unless the machine is small. */
export const MAX_REQUEST_BYTES = 256 * 1024 * 1024;
/** Connections of callers at once, unless the process may open too few files. */
export const MAX_CONNECTIONS = 10_000;
/** Files left for sockets to receivers (2048), for connections that are told to go, and for the store. */
const SPARED_FILES = 3072;

/** A quarter of the memory at most for bodies, and enough open files left for everything that goes out. */
export function admissionOn({ memoryBytes, openFiles }: Machine): Admission {
  const files = openFiles ?? Number.POSITIVE_INFINITY;
  return {
    maxRequestBytes: Math.min(MAX_REQUEST_BYTES, Math.floor(memoryBytes / 4)),
    maxConnections: Math.min(MAX_CONNECTIONS, Math.max(files - SPARED_FILES, Math.floor(files / 2))),
  };
}
