/** What a simulation is drawn from: subscriptions with their receivers, what is published, and what happens meanwhile. */
import fc from 'fast-check';
import type { ProfileName } from '../../src/core/profile.ts';
import type { RetryInput } from '../../src/core/retry-input.ts';
import type { RateLimit } from '../../src/core/subscription.ts';

/** How a receiver behaves until all of them are healed. */
export type Behaviour =
  | { kind: 'healthy'; latencyMs: number }
  /** Every third delivery fails at its first try. */
  | { kind: 'flaky' }
  | { kind: 'hanging' }
  | { kind: 'outage'; fromS: number; forS: number; how: 'refused' | 'hang' | 'broken' }
  | { kind: 'flapping'; everyS: number }
  /** Answers first tries with 429. */
  | { kind: 'busy'; retryAfterS: number }
  | { kind: 'missing' }
  | { kind: 'late' }
  /** Never takes what is published under `k0`. */
  | { kind: 'stuck key' }
  | { kind: 'gone'; fromS: number };

export interface SubscriptionPlan {
  tenant: number;
  /** The one type it wants, or all. */
  type: number | null;
  receiver: Behaviour;
  profile: ProfileName;
  retry: keyof typeof RETRIES;
  maxConcurrency: number;
  rateLimit: RateLimit | null;
  ordered: boolean;
  autoDisableThreshold: number | null;
}

/** Events of one tenant and type, `everyMs` apart; `keys` names how many ordering keys they take in turn. */
export interface Burst {
  atS: number;
  tenant: number;
  type: number;
  count: number;
  everyMs: number;
  keys: number;
}

/** What a person does; `which` picks a subscription, or a delivery, of those there are. */
export type Change =
  | { kind: 'pause' | 'disable'; atS: number; which: number; forS: number }
  | { kind: 'concurrency'; atS: number; which: number; to: number }
  | { kind: 'cancel'; atS: number; which: number };

/** The process ends and another one starts `downMs` later. */
export interface End {
  kind: 'crash' | 'drain';
  atS: number;
  downMs: number;
}

export interface Scenario {
  seed: number;
  lengthS: number;
  shards: number;
  limits: 'roomy' | 'tight';
  /** The longest a request to the store, or its answer, is on its way. */
  storeMs: number;
  subscriptions: readonly SubscriptionPlan[];
  bursts: readonly Burst[];
  changes: readonly Change[];
  ends: readonly End[];
}

const retryOn = ['network', '5xx', '429'] as const;
/** All of them take 429 for a reason to try again, whatever the profile. */
export const RETRIES = {
  none: { retryOn, maxRetries: 0, backoffType: 'fixed', backoffSeconds: 5 },
  quick: { retryOn, maxRetries: 3, backoffType: 'fixed', backoffSeconds: 5 },
  growing: { retryOn, maxRetries: 5, backoffType: 'exponential', backoffSeconds: 2, jitter: 0.2 },
  scheduled: { retryOn, maxRetries: 4, backoffType: 'schedule', scheduleSeconds: [1, 30, 120] },
  patient: { retryOn, maxRetries: 8, backoffType: 'fixed', backoffSeconds: 600 },
  aging: { retryOn, maxRetries: 50, backoffType: 'fixed', backoffSeconds: 20, maxAgeSeconds: 120 },
} as const satisfies Record<string, RetryInput>;

export const TENANTS = 3;
export const TYPES = 2;
const PLAIN = { noNullPrototype: true };
const kind = <const Kind extends string>(name: Kind) => fc.constant(name);
const whole = (min: number, max: number) => fc.integer({ min, max });

/** Once in four times; else null. */
function sometimes<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ arbitrary: fc.constant(null), weight: 3 }, { arbitrary: value, weight: 1 });
}

/** How rich a scenario is drawn. */
export interface Size {
  lengthS: number;
  subscriptions: number;
  bursts: number;
  /** Events of one burst. */
  events: number;
  storeMs: readonly number[];
}

/** Scenarios of at most a given size. */
export function scenarios(size: Size): fc.Arbitrary<Scenario> {
  const { lengthS } = size;
  return fc.record(
    {
      seed: fc.nat(),
      lengthS: fc.constant(lengthS),
      shards: fc.constantFrom(1, 4),
      limits: fc.constantFrom('roomy', 'tight'),
      storeMs: fc.constantFrom(...size.storeMs),
      subscriptions: fc.array(subscription(lengthS), { minLength: 1, maxLength: size.subscriptions, size: 'max' }),
      bursts: fc.array(burst(lengthS, size.events), { minLength: 1, maxLength: size.bursts, size: 'max' }),
      changes: fc.array(change(lengthS), { maxLength: 8, size: 'max' }),
      ends: fc.array(end(lengthS), { maxLength: 2 }),
    },
    PLAIN,
  );
}

function behaviour(lengthS: number): fc.Arbitrary<Behaviour> {
  const fromS = fc.nat(Math.ceil(lengthS / 2));
  const how = fc.constantFrom('refused', 'hang', 'broken');
  const outage = fc.record({ kind: kind('outage'), fromS, forS: whole(10, lengthS), how }, PLAIN);
  return fc.oneof(
    { arbitrary: fc.record({ kind: kind('healthy'), latencyMs: whole(5, 400) }, PLAIN), weight: 3 },
    { arbitrary: fc.record({ kind: kind('flaky') }, PLAIN), weight: 2 },
    { arbitrary: fc.record({ kind: kind('hanging') }, PLAIN), weight: 2 },
    { arbitrary: outage, weight: 3 },
    { arbitrary: fc.record({ kind: kind('flapping'), everyS: whole(5, 60) }, PLAIN), weight: 2 },
    { arbitrary: fc.record({ kind: kind('busy'), retryAfterS: whole(1, 90) }, PLAIN), weight: 1 },
    { arbitrary: fc.record({ kind: kind('missing') }, PLAIN), weight: 1 },
    { arbitrary: fc.record({ kind: kind('late') }, PLAIN), weight: 1 },
    { arbitrary: fc.record({ kind: kind('stuck key') }, PLAIN), weight: 2 },
    { arbitrary: fc.record({ kind: kind('gone'), fromS }, PLAIN), weight: 1 },
  );
}

function subscription(lengthS: number): fc.Arbitrary<SubscriptionPlan> {
  const limit = fc.record({ count: whole(1, 20), seconds: whole(1, 10) }, PLAIN);
  return fc.record(
    {
      tenant: fc.nat(TENANTS - 1),
      type: fc.option(fc.nat(TYPES - 1)),
      receiver: behaviour(lengthS),
      profile: fc.constantFrom('standard', 'stella'),
      retry: fc.constantFrom(...(Object.keys(RETRIES) as (keyof typeof RETRIES)[])),
      maxConcurrency: whole(1, 8),
      rateLimit: sometimes(limit),
      ordered: fc.boolean(),
      autoDisableThreshold: sometimes(whole(3, 10)),
    },
    PLAIN,
  );
}

function burst(lengthS: number, events: number): fc.Arbitrary<Burst> {
  return fc.record(
    {
      atS: fc.nat(lengthS - 1),
      tenant: fc.nat(TENANTS - 1),
      type: fc.nat(TYPES - 1),
      count: whole(1, events),
      everyMs: fc.constantFrom(0, 1, 40, 900),
      keys: whole(0, 4),
    },
    PLAIN,
  );
}

function change(lengthS: number): fc.Arbitrary<Change> {
  const atS = fc.nat(lengthS - 1);
  const which = fc.nat(99);
  const held = fc.constantFrom('pause', 'disable');
  return fc.oneof(
    fc.record({ kind: held, atS, which, forS: whole(1, Math.ceil(lengthS / 2)) }, PLAIN),
    fc.record({ kind: kind('concurrency'), atS, which, to: whole(1, 8) }, PLAIN),
    fc.record({ kind: kind('cancel'), atS, which: fc.nat(9999) }, PLAIN),
  );
}

function end(lengthS: number): fc.Arbitrary<End> {
  const how = fc.constantFrom('crash', 'drain');
  return fc.record({ kind: how, atS: fc.nat(lengthS - 1), downMs: fc.constantFrom(0, 300, 4000, 20_000) }, PLAIN);
}

/** Some minutes of much trouble. */
export const MINUTES: Size = { lengthS: 240, subscriptions: 10, bursts: 8, events: 60, storeMs: [0, 3] };

/** Time enough for an hour's outage, and for the probes of what was switched off. */
export const HOURS: Size = { lengthS: 5400, subscriptions: 6, bursts: 8, events: 40, storeMs: [0] };
