/** Which faults come in which order, in the long run and in the short one of `npm test`. */
import { type ClusterOptions, injectCluster } from './cluster.ts';
import type { InjectionName } from './cluster-injections.ts';
import { RECEIVERS } from './cluster-receivers.ts';
import type { Pace } from './cluster-stage.ts';
import { type Roll, seededRoll } from './roll.ts';
import { describe, isSound } from './verdict.ts';

const LONG_PACE: Pace = {
  restMs: 3000,
  downMs: 15_000,
  holderMs: 12_000,
  readOnlyMs: 5000,
  pauseMs: 7000,
  troubleMs: 20_000,
  failure: 503,
  freezeMs: 12_000,
  freezeMoreMs: 4000,
  freezesOrdered: true,
};

const SHORT_PACE: Pace = {
  restMs: 1000,
  downMs: 1500,
  holderMs: 3000,
  readOnlyMs: 1500,
  pauseMs: 5200,
  troubleMs: 3000,
  failure: 409,
  freezeMs: 12_000,
  freezeMoreMs: 500,
  freezesOrdered: false,
};

/** First what must disturb nothing at all, so that no fault can be its excuse. */
const GENTLE: readonly InjectionName[] = ['calm', 'trouble', 'pause', 'join', 'drain', 'calm'];

/** How often each of the others comes. */
const HARSH: readonly (readonly [name: InjectionName, times: number])[] = [
  ['kill', 6],
  ['restart', 9],
  ['away', 1],
  ['storm', 3],
  ['holder', 1],
  ['read_only', 1],
  ['freeze', 2],
  ['pause', 1],
  ['trouble', 1],
  ['drain', 1],
];

const LONG_NODES = 4;
const SHORT_NODES = 3;
const SHORT_SEED = 1;

/** `npm run faults -- cluster`: `times` rounds of everything harsh. */
export async function injectClusterAtLength(asked: {
  times: number;
  seed: number;
  say(line: string): void;
}): Promise<boolean> {
  const { times, seed, say } = asked;
  const roll = seededRoll(seed);
  const harsh = Array.from({ length: times }, () => shuffled(roll)).flat();
  const steps = [[[...GENTLE, ...harsh]]];
  say(`seed ${seed}`);
  const verdict = await injectCluster({ nodes: LONG_NODES, seed, pace: LONG_PACE, receivers: RECEIVERS, steps, say });
  for (const line of describe(verdict)) say(line);
  return isSound(verdict);
}

function shuffled(roll: Roll): readonly InjectionName[] {
  const all = HARSH.flatMap(([name, times]) => Array.from({ length: times }, () => name));
  return all
    .map((name) => ({ name, at: roll(1) }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

/** One of each kind, side by side where they do not touch. */
export const SHORT: Omit<ClusterOptions, 'say'> = {
  nodes: SHORT_NODES,
  seed: SHORT_SEED,
  pace: SHORT_PACE,
  // Fewer in order than nodes, so that some node owns none of them and can be frozen without a minute's wait after it.
  receivers: RECEIVERS.filter(({ name }) => name !== 'ordered, two at once'),
  steps: [
    [['calm']],
    [['trouble'], ['drain']],
    [['calm', 'freeze'], ['pause'], ['holder', 'read_only']],
    [['kill', 'calm', 'restart', 'storm', 'away']],
  ],
};
