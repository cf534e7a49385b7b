/** What a run of the cluster saw, as data: everything its ledger is judged by. */

import type { AttemptShown, DeliveryShown } from '../support/journey.ts';
import type { Publishing } from './cluster-load.ts';

/** Milliseconds of one clock, that of the harness, all through. */
export interface Request {
  /** Name of the receiver. */
  receiver: string;
  deliveryId: string;
  eventId: string;
  /** The number the load gave its event. */
  number: number;
  /** Ordering key, and the place of the event among those of its key; null without order. */
  key: string | null;
  place: number | null;
  attempt: number;
  digest: string;
  startMs: number;
  /** Before the first byte of the answer is written, or when the end of the connection is noticed. */
  endMs: number;
  end: 'answered' | 'cut';
  /** 0 when it was cut. */
  status: number;
  /** Which life of which node sent it, such as `n2.1`; null when that is not known. */
  life: string | null;
}

/** A receiver and how its subscription is set. */
export interface Receiving {
  name: string;
  /** Of the events it wants. */
  type: string;
  maxConcurrency: number;
  ordered: boolean;
  timeoutMs: number;
  /** How much later than others a repeat may come: held by an open circuit, or in order after a lease that ran out. */
  heldUpToMs: number;
  /** It always has work and always answers, so that a silence is one of its owner. */
  steady: boolean;
}

export type FaultKind =
  | 'kill'
  | 'freeze'
  | 'drain'
  | 'join'
  | 'restart'
  | 'away'
  | 'storm'
  | 'holder'
  | 'read_only'
  | 'trouble';

/** A fault and the time it lasted. */
export interface Injected {
  kind: FaultKind;
  /** The life it was aimed at; null for all. */
  life: string | null;
  startMs: number;
  endMs: number;
}

/** A pause of a receiver's subscription, asked of one node. */
export interface Paused {
  receiver: string;
  /** When it was answered. */
  answeredMs: number;
  /** When the end of it was asked for. */
  resumeMs: number;
}

export interface NodeSeen {
  life: string;
  /** Status of `/readyz` in the end; null when it was down then by intent. */
  readyz: number | null;
  /** What it said while PostgreSQL was away; null when it was not asked. */
  readyzAway: number | null;
}

export interface ClusterSeen {
  seed: number;
  receivings: readonly Receiving[];
  /** Event id and type by number, of everything acknowledged. */
  accepted: ReadonlyMap<number, { eventId: string; type: string }>;
  requests: readonly Request[];
  injected: readonly Injected[];
  pauses: readonly Paused[];
  deliveries: readonly DeliveryShown[];
  /** Of deliveries that came more than once or were tried more than once. */
  attempts: ReadonlyMap<string, readonly AttemptShown[]>;
  nodes: readonly NodeSeen[];
  /** Ends of processes that nobody asked for. */
  ended: readonly string[];
  /** Lives that met no database when they began, and ended. */
  inVain: readonly string[];
  /** How often a line was logged, by level, event and the code of its error: `error settle.failed: STORE_UNAVAILABLE`. */
  logged: ReadonlyMap<string, number>;
  /** What did not become as it should in time: a balance, a readiness. */
  missed: readonly string[];
  publishing: Publishing;
}
