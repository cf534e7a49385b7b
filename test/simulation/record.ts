/** What a simulation knows of its subscriptions and deliveries, from what it saw at the store and at the receivers. */
import type { Answer, Closing } from '../../src/core/attempt.ts';
import type { Id } from '../../src/core/ids.ts';
import type { SubscriptionConfig } from '../../src/core/subscription.ts';
import type { Scenario, SubscriptionPlan } from './scenario.ts';

/** All times are milliseconds since the simulation began. */
export interface Receiver {
  readonly index: number;
  readonly id: Id;
  readonly tenant: Id;
  readonly plan: SubscriptionPlan;
  readonly config: SubscriptionConfig;
  /** What it may have in flight: more than one while a change is on its way. */
  caps: number[];
  /** Since when it is held, as the store has it; null while it is served. */
  held: { kind: 'paused' | 'disabled'; probed: boolean; sinceMs: number } | null;
  /** When it was last let go. */
  heldUntilMs: number;
  readonly pauses: { fromMs: number; toMs: number }[];
  /** A person changed it, or its failures did: its deliveries may have had to wait. */
  disturbed: boolean;
  readonly onTheirWay: Set<Request>;
  arrivals: number[];
  circuit: CircuitSeen;
  /** Open deliveries of each ordering key, in the order of their appends. */
  readonly keys: Map<string, Delivery[]>;
  /** The last sequence sent under each key. */
  readonly sequences: Map<string, number>;
  made: number;
  open: number;
  mostOpen: number;
  lastStartMs: number;
  lastAnswerMs: number;
}

/** What the receiver's own log says of the circuit. */
export interface CircuitSeen {
  readonly streak: Set<Id>;
  open: boolean;
  openedAtMs: number;
  probedAtMs: number;
  /** Somebody enabled or resumed it: what ends before this is not counted. */
  ignoreUntilMs: number;
}

export interface Delivery {
  readonly id: Id;
  readonly receiver: Receiver;
  /** Its ordering key; null when its subscription does not order. */
  readonly key: string | null;
  readonly eventKey: string | null;
  readonly ordinal: number;
  readonly madeAtMs: number;
  /** Since when nothing of its key stands before it; Infinity while something does. */
  headSinceMs: number;
  notBeforeMs: number;
  attempts: number;
  /** How often each try was begun. */
  readonly begun: Map<number, number>;
  lastBegunMs: number;
  last: Answer | null;
  cancelAsked: boolean;
  closes: Closing | null;
}

/** A try on its way. */
export interface Request {
  readonly delivery: Delivery;
  readonly n: number;
  readonly startMs: number;
}

export interface Records {
  readonly scenario: Scenario;
  /** Since the simulation began. */
  nowMs(): number;
  readonly receivers: Map<Id, Receiver>;
  readonly deliveries: Map<Id, Delivery>;
  open: number;
  lostSettles: number;
  cancels: number;
  mostQueued: number;
  /** When the process was down, or had just begun. */
  readonly outages: { fromMs: number; untilMs: number }[];
  /** The longest that a delivery had to wait which nothing held back. */
  longestWaitMs: number;
  requests: number;
  readonly complaints: string[];
}

export function createRecords(scenario: Scenario, nowMs: () => number): Records {
  return {
    scenario,
    nowMs,
    receivers: new Map(),
    deliveries: new Map(),
    open: 0,
    lostSettles: 0,
    cancels: 0,
    mostQueued: 0,
    outages: [],
    longestWaitMs: 0,
    requests: 0,
    complaints: [],
  };
}

/** Notes a breach of a promise. */
export function complain(records: Records, delivery: Delivery | null, what: string): void {
  const about = delivery === null ? '' : ` [subscription ${delivery.receiver.index}, delivery ${delivery.ordinal}]`;
  records.complaints.push(`at ${(records.nowMs() / 1000).toFixed(3)} s${about} ${what}`);
}

export function newReceiver(about: Pick<Receiver, 'index' | 'id' | 'tenant' | 'plan' | 'config'>): Receiver {
  return {
    ...about,
    caps: [about.config.maxConcurrency],
    held: null,
    heldUntilMs: -Infinity,
    pauses: [],
    disturbed: false,
    onTheirWay: new Set(),
    arrivals: [],
    circuit: { streak: new Set(), open: false, openedAtMs: -Infinity, probedAtMs: -Infinity, ignoreUntilMs: -Infinity },
    keys: new Map(),
    sequences: new Map(),
    made: 0,
    open: 0,
    mostOpen: 0,
    lastStartMs: -Infinity,
    lastAnswerMs: -Infinity,
  };
}

/** The age of a delivery without the time it was paused. */
export function ageMs({ receiver, madeAtMs }: Delivery, nowMs: number): number {
  const paused = receiver.pauses.reduce(
    (sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(nowMs, toMs) - Math.max(madeAtMs, fromMs)),
    0,
  );
  return nowMs - madeAtMs - paused;
}

/** Whether the process broke the last try off when it ended: it is made again at once, whatever the policy says. */
export function wasBrokenOff({ last }: Delivery): boolean {
  return last?.kind === 'failure' && last.code === 'aborted_shutdown';
}
