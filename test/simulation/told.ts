/** A scenario in words, for whoever has to find out what broke a promise. */
import type { Burst, Change, End, Scenario, SubscriptionPlan } from './scenario.ts';

/** One line for each thing of a scenario, in the order in which it happens. */
export function told(scenario: Scenario): string[] {
  const { seed, lengthS, shards, limits, storeMs, subscriptions, bursts, changes, ends } = scenario;
  const happening = [
    ...bursts.map((burst) => ({ atS: burst.atS, text: toldBurst(burst) })),
    ...changes.map((change) => ({ atS: change.atS, text: toldChange(change) })),
    ...ends.map((end) => ({ atS: end.atS, text: toldEnd(end) })),
  ];
  return [
    `dice ${seed}, ${lengthS} s, ${shards} shards, ${limits} limits, store within ${storeMs} ms`,
    ...subscriptions.map((plan, index) => `  subscription ${index}: ${toldPlan(plan)}`),
    ...happening.sort((a, b) => a.atS - b.atS).map(({ atS, text }) => `  at ${atS} s ${text}`),
  ];
}

function toldPlan({ tenant, type, receiver, profile, retry, ...plan }: SubscriptionPlan): string {
  const { maxConcurrency, rateLimit, ordered, autoDisableThreshold } = plan;
  const { kind, ...more } = receiver;
  const details = Object.entries(more).map(([name, value]) => `${name} ${value}`);
  return [
    `tenant ${tenant}`,
    type === null ? 'all types' : `type ${type}`,
    [kind, ...details].join(' '),
    profile,
    `retries ${retry}`,
    `concurrency ${maxConcurrency}`,
    ...(rateLimit === null ? [] : [`${rateLimit.count} in ${rateLimit.seconds} s`]),
    ...(ordered ? ['ordered'] : []),
    ...(autoDisableThreshold === null ? [] : [`off after ${autoDisableThreshold}`]),
  ].join(', ');
}

function toldBurst({ tenant, type, count, everyMs, keys }: Burst): string {
  return `publish ${count} of type ${type} by tenant ${tenant}, one each ${everyMs} ms, under ${keys} keys`;
}

function toldChange(change: Change): string {
  switch (change.kind) {
    case 'pause':
    case 'disable':
      return `${change.kind} subscription no. ${change.which} for ${change.forS} s`;
    case 'concurrency':
      return `let subscription no. ${change.which} have ${change.to} in flight`;
    case 'cancel':
      return `cancel open delivery no. ${change.which}`;
  }
}

function toldEnd({ kind, downMs }: End): string {
  return `${kind}, and start again after ${downMs} ms`;
}
