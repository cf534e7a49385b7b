/**
 * What the flows need from the world, as types only. Adapters implement them; `index.ts` alone wires them.
 * A flow asks for the ports it needs with `Pick<Ports, …>`.
 */
import type { CheckedTarget, Refusal } from './core/address.ts';
import type { Answer } from './core/attempt.ts';
import type { Id } from './core/ids.ts';
import type { Authenticator, Sha256 } from './core/signature/schemes.ts';
import type { Handover, Store, Ticket } from './ports/store.ts';

export type * from './ports/store.ts';

/** Wall clock for people and signatures, monotonic clock for durations. Milliseconds. */
export interface Clock {
  nowMs(): number;
  /** Never goes back; fractions allowed; its zero is arbitrary. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs` (capped at 2^31 - 1); the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls `run` once everything that is ready now has had its turn: requests, answers, what the store says. */
  soon(run: () => void): void;
}

/** Dice. */
export interface Random {
  /** A number in [0, 1). */
  roll(): number;
  bytes(count: number): Uint8Array;
}

/** Message authentication and digests; synchronous in the server. */
export interface Mac extends Authenticator {
  sha256: Sha256;
}

/** What a sealed value belongs to; opening it anywhere else fails. */
export interface SealContext {
  purpose: 'subscription' | 'source' | 'answer' | 'receipt';
  table: string;
  column: string;
  row: string;
  tenant: Id;
}

export type Opened = { kind: 'opened'; plain: Uint8Array } | { kind: 'unavailable'; keyId: string };

/** Seals secrets at rest with the keyring's active key and opens them with any of its keys. */
export interface Sealer {
  seal(context: SealContext, plain: Uint8Array): Uint8Array;
  /** `unavailable` when its key is missing or the bytes do not belong to `context`. Never throws. */
  open(context: SealContext, sealed: Uint8Array): Opened;
  /**
   * 12 hex digits that tell two secrets of a tenant apart and give neither away: they are keyed with the active key, so
   * that nobody without the keyring can try out guesses, and are others once another key is active.
   */
  fingerprint(tenant: Id, secret: string): string;
}

/**
 * The names of the keys that the configuration in a store was sealed with, never the keys. Processes that share a store
 * share their keys: one that lacked them would take subscriptions for unreadable and match nothing to them.
 */
export interface SealingKeys {
  known(): Promise<readonly string[]>;
  /**
   * Notes `active`, if all that is known is among the keys `held`, and tells what was known before. Of two that note at
   * once the second is told of the first.
   */
  note(active: string, held: readonly string[]): Promise<readonly string[]>;
}

/** Why a name did not resolve. */
export type ResolveFailure = 'not_found' | 'timeout';

/** DNS for the address gate: all A and AAAA records of an absolute name, as text. */
export interface Resolver {
  resolve(
    host: string,
    timeoutMs: number,
  ): Promise<{ kind: 'answers'; addresses: readonly string[] } | { kind: 'failed'; failure: ResolveFailure }>;
}

/** What the address gate says of a URL. */
export type Vetted =
  | { kind: 'allowed'; target: CheckedTarget }
  | { kind: 'refused'; refusal: Refusal }
  | {
      kind: 'unresolved';
      host: string;
      failure: ResolveFailure;
      /** Set when the host stands on the allow-list: a create is then accepted all the same. */
      allowListed?: true;
    };

/**
 * The address gate under the instance's policy: one judgement for create, test and connect. Parses, applies the name
 * rules, looks names up and judges every address. Never throws.
 */
export interface Gate {
  vet(url: string, timeoutMs: number): Promise<Vetted>;
}

/** What a value that stands outside the store came to. */
export type SecretRead =
  | { kind: 'value'; value: string }
  /** `reason` never holds what was read. */
  | { kind: 'missing'; reason: string };

/**
 * Secrets that stand outside the store, by `env:NAME` and `file:PATH`. Only what the operator put there for it is read.
 */
export interface SecretReferences {
  /** The value as it stands now or stood at most five seconds ago. Never throws. */
  read(reference: string): Promise<SecretRead>;
}

/** A secret that a process finds, or makes and keeps for its next start. */
export interface KeptSecret {
  secret: string;
  /** True when it was made just now. */
  fresh: boolean;
}

/** A file for one secret, readable by its owner alone. */
export interface SecretFile {
  path: string;
  /** What stands in it; null when nothing does. */
  kept(): string | null;
  /** What stands in it; made with `make` and written when nothing does. */
  open(make: () => string): KeptSecret;
  /** Puts another text in its place, whole or not at all. */
  replace(text: string): void;
}

/** Judges certificates before they are stored. */
export interface Authorities {
  /** What keeps a PEM text from being a list of certificates to trust, as a sentence; null when nothing does. */
  fault(pem: string): string | null;
}

/** Whom a connection trusts. Connections under different policies share nothing. */
export interface TlsPolicy {
  /** False lets any certificate pass. */
  verify: boolean;
  /** PEM of certificates trusted besides the public authorities; null for none. */
  ca: string | null;
}

/** One request exactly as it goes on the wire. */
export interface OutboundRequest {
  url: string;
  method: 'POST' | 'PUT';
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  /** One deadline over DNS, connecting, TLS, sending, headers and body. */
  timeoutMs: number;
  /** The same object for the same policy, as far as possible: the sender remembers what it made of it. */
  tls: TlsPolicy;
  /** Called when the network has taken the whole request; not called for one that never gets so far. */
  onItsWay?: () => void;
}

/**
 * Sends one request and reports what came of it. The address is vetted again, unless that was done within the
 * last seconds, and the connection goes to an address that was allowed. Never throws, never follows a redirect.
 */
export interface Sender {
  send(request: OutboundRequest): Promise<Answer>;
  /** Sockets open now, for metrics. */
  sockets(): number;
  close(): Promise<void>;
}

/** One wide, structured line per outcome. Fields are already free of secrets; the adapter redacts by name again. */
export interface Log {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Counters, gauges and histograms by name; names and labels stand in one table in `adapters/metrics.ts`. */
export interface Metrics {
  count(name: CounterName, labels?: Readonly<Record<string, string>>, by?: number): void;
  observe(name: HistogramName, value: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: GaugeName, value: number): void;
  /** The Prometheus text exposition. */
  expose(): Promise<string>;
}

export type CounterName =
  | 'events_accepted_total'
  | 'receipts_total'
  | 'inbound_turned_away_total'
  | 'attempts_total'
  | 'deliveries_closed_total'
  | 'settles_lost_total'
  | 'circuits_opened_total'
  | 'http_requests_total';
export type HistogramName = 'attempt_seconds' | 'http_request_seconds' | 'accept_to_send_seconds';
export type GaugeName =
  | 'deliveries_in_flight'
  | 'deliveries_queued'
  | 'lanes_open'
  | 'shards_held'
  | 'sockets_open'
  | 'oldest_due_seconds'
  | 'requests_in_flight'
  | 'request_bytes_in_flight';

/** What became of a delivery that was to be kept from being sent. */
export type Recall = 'kept_back' | 'under_way' | 'unknown';

/** The in-memory hand-over from an acknowledged append to the worker of this process. */
export interface Dispatch {
  /** Takes fresh tickets; what it cannot take now stays in the store and is claimed later. */
  offer(handover: Handover): void;
  /**
   * What keeps new deliveries of a subscription in its lane as far as this process knows: its circuit is open, or
   * others wait there already. null when they go the straight way.
   */
  hold(subscriptionId: Id): 'circuit' | 'full' | null;
  /** A delivery was closed by somebody else: it is not sent any more if its turn has not come. */
  withdraw(deliveryId: Id): void;
  /**
   * Keeps an open delivery that waits here for its turn from being sent, for whoever is about to close it. It is
   * `under_way` when a try of it has begun whose result is not in the store yet, and nobody knows of what another
   * process may be sending. What is not closed after all is found in the store again.
   */
  recall(ticket: Pick<Ticket, 'deliveryId' | 'place'>): Recall;
  /** The configuration changed on this node: queues look again at what is paused, disabled or gone. */
  configurationChanged(tenant: Id): void;
}

export interface Ports {
  clock: Clock;
  random: Random;
  mac: Mac;
  sealer: Sealer;
  gate: Gate;
  sender: Sender;
  secretReferences: SecretReferences;
  authorities: Authorities;
  log: Log;
  metrics: Metrics;
  store: Store;
  dispatch: Dispatch;
}
