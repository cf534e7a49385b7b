/** Scenarios that once broke a promise, as small as they were found, and what is drawn too seldom. */
import type { Scenario, SubscriptionPlan } from './scenario.ts';

const PLAN: SubscriptionPlan = {
  tenant: 0,
  type: null,
  receiver: { kind: 'healthy', latencyMs: 5 },
  profile: 'standard',
  retry: 'none',
  maxConcurrency: 1,
  rateLimit: null,
  ordered: false,
  autoDisableThreshold: null,
};

const SCENARIO: Omit<Scenario, 'subscriptions' | 'bursts'> = {
  seed: 0,
  lengthS: 240,
  shards: 1,
  limits: 'roomy',
  storeMs: 0,
  changes: [],
  ends: [],
};

const BURST = { atS: 0, tenant: 0, type: 0, count: 1, everyMs: 0, keys: 0 };

/** By what was wrong. */
export const FOUND: Readonly<Record<string, Scenario>> = {
  'what was switched off before a restart is sent when it is enabled after it': {
    ...SCENARIO,
    subscriptions: [
      // Of one type only, so that the news of its own being enabled does not wake it.
      { ...PLAN, type: 0, receiver: { kind: 'missing' }, rateLimit: { count: 1, seconds: 1 }, autoDisableThreshold: 3 },
    ],
    bursts: [{ ...BURST, count: 4 }],
    ends: [{ kind: 'crash', atS: 3, downMs: 0 }],
  },
  'a try that ends does not bring back the concurrency it began with': {
    ...SCENARIO,
    subscriptions: [
      {
        ...PLAN,
        receiver: { kind: 'outage', fromS: 0, forS: 10, how: 'hang' },
        maxConcurrency: 2,
        rateLimit: { count: 1, seconds: 1 },
      },
    ],
    bursts: [{ ...BURST, count: 3 }],
    changes: [{ kind: 'concurrency', atS: 2, which: 0, to: 1 }],
  },
  'a fraction of a millisecond does not let two through a rate limit': {
    ...SCENARIO,
    storeMs: 3,
    subscriptions: [{ ...PLAN, maxConcurrency: 2, rateLimit: { count: 1, seconds: 4 } }],
    bursts: [{ ...BURST, count: 60 }],
  },
  'a suspect that waited for its turn alone keeps to the rate limit': {
    ...SCENARIO,
    subscriptions: [
      {
        ...PLAN,
        tenant: 2,
        receiver: { kind: 'hanging' },
        maxConcurrency: 3,
        rateLimit: { count: 1, seconds: 10 },
      },
    ],
    bursts: [{ ...BURST, tenant: 2, count: 3 }],
    ends: [
      { kind: 'crash', atS: 0, downMs: 0 },
      { kind: 'crash', atS: 23, downMs: 0 },
    ],
  },
  'a pause while a try is under way is no age of its delivery': {
    ...SCENARIO,
    subscriptions: [{ ...PLAN, receiver: { kind: 'hanging' }, retry: 'aging' }],
    bursts: [BURST],
    changes: [{ kind: 'pause', atS: 72, which: 0, forS: 2 }],
    ends: [{ kind: 'crash', atS: 1, downMs: 20_000 }],
  },
  'the time a subscription is paused is no age of its deliveries': {
    ...SCENARIO,
    subscriptions: [{ ...PLAN, retry: 'aging' }],
    bursts: [{ ...BURST, atS: 5, count: 5 }],
    changes: [{ kind: 'pause', atS: 1, which: 0, forS: 200 }],
  },
};
