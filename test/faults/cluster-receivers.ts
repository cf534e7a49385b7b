/** Who the cluster delivers to, and how: caps, order, rates and retries of every kind that the ledger judges. */
import type { Receiving } from './cluster-seen.ts';

/** What is published of one type, all publishers together. */
export interface Flow {
  type: string;
  perSecond: number;
  publishers: number;
  /** Ordering keys of each publisher; 0 for none. */
  keys: number;
}

/** Well below what the caps let through with answers after 150 ms on average, so that an outage is caught up with. */
export const FLOWS: readonly Flow[] = [
  { type: 'load.wide', perSecond: 8, publishers: 4, keys: 0 },
  { type: 'load.medium', perSecond: 5, publishers: 2, keys: 0 },
  { type: 'load.slow', perSecond: 2, publishers: 2, keys: 0 },
  { type: 'load.keyed', perSecond: 7, publishers: 3, keys: 2 },
  { type: 'load.keyed-slow', perSecond: 2, publishers: 1, keys: 3 },
];

/** What a receiver does in its bad times; `well` ones have none. */
export type Trouble = 'well' | 'hang' | 'fail';

export interface ReceiverSetting extends Receiving {
  trouble: Trouble;
  rateLimit: { count: number; seconds: number } | null;
}

/** An open circuit is probed once a minute, counted anew by a node that takes it over and is not told. */
const CIRCUIT_MS = 120_000;
/** Ordered lanes of a lease that ran out wait for the longest timeout there is. */
const LAPSED_MS = 60_000;

const PLAIN = {
  type: 'load.wide',
  maxConcurrency: 8,
  ordered: false,
  timeoutMs: 5000,
  heldUpToMs: 0,
  steady: true,
  trouble: 'well',
  rateLimit: null,
} as const;

const TROUBLED = { steady: false, heldUpToMs: CIRCUIT_MS } as const;
const KEYED = { ...PLAIN, type: 'load.keyed', ordered: true, heldUpToMs: LAPSED_MS } as const;

/** By their own words below; what they do not say is as in `PLAIN`. */
export const RECEIVERS: readonly ReceiverSetting[] = [
  // So many, that whoever falls out owned one of them.
  ...Array.from({ length: 8 }, (_, at) => ({ ...PLAIN, name: `wide ${at + 1}` })),
  { ...PLAIN, name: 'two at once', type: 'load.medium', maxConcurrency: 2 },
  { ...PLAIN, name: 'one at once', type: 'load.slow', maxConcurrency: 1, steady: false },
  { ...PLAIN, name: 'paused', type: 'load.medium', steady: false },
  { ...PLAIN, name: 'limited', type: 'load.medium', rateLimit: { count: 10, seconds: 1 }, steady: false },
  { ...PLAIN, name: 'hanging', type: 'load.slow', maxConcurrency: 2, timeoutMs: 2000, ...TROUBLED, trouble: 'hang' },
  { ...PLAIN, name: 'failing', ...TROUBLED, trouble: 'fail' },
  { ...KEYED, name: 'ordered' },
  { ...KEYED, name: 'ordered, two at once', maxConcurrency: 2 },
  { ...KEYED, name: 'ordered, one at once', type: 'load.keyed-slow', maxConcurrency: 1, steady: false },
];

/** The name of the one that is paused and resumed. */
export const PAUSED = 'paused';

/** The fields of its subscription. Retries outlast every fault. */
export function subscriptionFields(setting: ReceiverSetting): Readonly<Record<string, unknown>> {
  const { name, type, maxConcurrency, ordered, timeoutMs, rateLimit } = setting;
  return {
    name,
    events: [type],
    maxConcurrency,
    ordered,
    timeout: timeoutMs,
    rateLimit,
    authType: 'signature',
    signatureSecret: 'the secret of the cluster faults',
    retryPolicy: { maxRetries: 100, backoffType: 'fixed', backoffSeconds: 0.5, retryOn: 'all' },
  };
}
