/** Several nodes on one PostgreSQL under load, and what may happen to them; in the end the ledger is compared. */
import { eventually } from '../support/eventually.ts';
import { type AttemptShown, allDeliveries, attemptsOf, type DeliveryShown, subscribe } from '../support/journey.ts';
import { keepEvidence } from './cluster-evidence.ts';
import { type ClusterGround, openCluster, readyz } from './cluster-ground.ts';
import { INJECTIONS, type InjectionName } from './cluster-injections.ts';
import { judgeCluster } from './cluster-ledger.ts';
import { type ClusterLoad, startClusterLoad } from './cluster-load.ts';
import { FLOWS, type ReceiverSetting, subscriptionFields } from './cluster-receivers.ts';
import type { NodeSeen } from './cluster-seen.ts';
import { type ClusterSink, startClusterSink } from './cluster-sink.ts';
import { allReady, type Pace, type Stage } from './cluster-stage.ts';
import { seededRoll } from './roll.ts';
import { isSound, type Verdict } from './verdict.ts';

export interface ClusterOptions {
  nodes: number;
  seed: number;
  pace: Pace;
  receivers: readonly ReceiverSetting[];
  /** One step after the other. A step is made of series that go on side by side. */
  steps: readonly (readonly (readonly InjectionName[])[])[];
  /** Told about each step. */
  say(line: string): void;
}

/** Longer than ordered lanes wait after a lease that ran out. */
const SETTLE_TIMEOUT_MS = 120_000;
const READERS = 8;

/** Injects the faults and says what became of every event. */
export async function injectCluster(options: ClusterOptions): Promise<Verdict> {
  const roll = seededRoll(options.seed);
  const ground = await openCluster(options.nodes);
  const sink = await startClusterSink(seededRoll(options.seed + 1));
  try {
    const ids = await subscribeAll(ground, sink, options.receivers);
    const urlOf = () => {
      const living = ground.living();
      return living[Math.trunc(roll(living.length))]?.url ?? null;
    };
    const { pace, receivers, say } = options;
    const noted = { injected: [], pauses: [], missed: [], readyzAway: new Map(), beside: [] };
    return await under(startClusterLoad(FLOWS, urlOf), async (load) => {
      const stage: Stage = { ground, sink, load, roll, pace, receivers, say, ids, ...noted };
      for (const step of options.steps) await Promise.all(step.map((series) => inject(stage, series)));
      await Promise.all(stage.beside);
      await load.finish();
      return verdictOf(options, stage);
    });
  } finally {
    await ground.close();
    await sink.close();
  }
}

async function inject(stage: Stage, series: readonly InjectionName[]): Promise<void> {
  for (const name of series) await INJECTIONS[name](stage);
}

/** What is begun by the load ends with the work, also when that fails. */
async function under<T>(load: ClusterLoad, work: (load: ClusterLoad) => Promise<T>): Promise<T> {
  try {
    return await work(load);
  } finally {
    load.abandon();
  }
}

async function subscribeAll(
  ground: ClusterGround,
  sink: ClusterSink,
  receivers: readonly ReceiverSetting[],
): Promise<ReadonlyMap<string, string>> {
  const made = receivers.map(async (setting, at) => {
    const node = ground.living()[at % ground.living().length];
    if (node === undefined) throw new Error('no node lives');
    return [setting.name, await subscribe(node, sink.urlOf(setting.name), subscriptionFields(setting))] as const;
  });
  return new Map(await Promise.all(made));
}

async function verdictOf({ seed }: ClusterOptions, stage: Stage): Promise<Verdict> {
  const { ground, sink, load, injected, pauses, missed } = stage;
  const deliveries = await settled(stage);
  const attempts = await attemptsOfSuspects(ground, sink, deliveries);
  await allReady(stage);
  const nodes = await nodesSeen(stage);
  const senderOf = ground.senders();
  const requests = sink.arrivals.map((arrival) => ({ ...arrival, life: senderOf(arrival) }));
  const { accepted, publishing } = load;
  const noted = {
    seed,
    receivings: stage.receivers,
    accepted,
    requests,
    injected,
    pauses,
    deliveries,
    attempts,
    nodes,
  };
  const seen = { ...noted, ended: ground.ended, inVain: ground.inVain, logged: loggedIn(ground), missed, publishing };
  const verdict = judgeCluster(seen);
  if (!isSound(verdict)) stage.say(`logs, requests and faults: ${keepEvidence(ground.logs(), seen)}`);
  return verdict;
}

function someNode(ground: ClusterGround) {
  const [node] = ground.living();
  if (node === undefined) throw new Error('no node lives');
  return node;
}

/** Waits until nothing is open any more, or for as long as is reasonable; then whatever there is. */
async function settled({ ground, load, receivers, say }: Stage): Promise<readonly DeliveryShown[]> {
  const startedMs = performance.now();
  const wanted = [...load.accepted.values()].reduce((sum, { type }) => sum + wanting(receivers, type), 0);
  const isSettled = async () => {
    const { api } = someNode(ground);
    const { data } = await api<DeliveryShown[]>('GET', '/api/v1/deliveries?status=undelivered&limit=200');
    return data.every(({ closedAt }) => closedAt !== null) || null;
  };
  await eventually('everything to be settled', isSettled, SETTLE_TIMEOUT_MS).catch(() => null);
  const deliveries = await allDeliveries(someNode(ground));
  say(
    `settled ${Math.round(performance.now() - startedMs)} ms after the load: ${deliveries.length} of ${wanted} listed`,
  );
  return deliveries;
}

function wanting(receivers: readonly ReceiverSetting[], type: string): number {
  return receivers.filter((receiver) => receiver.type === type).length;
}

async function attemptsOfSuspects(
  ground: ClusterGround,
  { arrivals }: ClusterSink,
  deliveries: readonly DeliveryShown[],
) {
  const arrived = Map.groupBy(arrivals, ({ deliveryId }) => deliveryId);
  const suspects = deliveries.filter(({ id, attempts }) => attempts !== 1 || arrived.get(id)?.length !== 1);
  const made = new Map<string, readonly AttemptShown[]>();
  const next = suspects.values();
  const reading = Array.from({ length: READERS }, async () => {
    for (const { id } of next) made.set(id, await attemptsOf(someNode(ground), id));
  });
  await Promise.all(reading);
  return made;
}

async function nodesSeen({ ground, readyzAway }: Stage): Promise<readonly NodeSeen[]> {
  const now = await Promise.all(
    ground.nodes.map(async (node) => [node.life, node.state === 'down' ? null : await readyz(node)] as const),
  );
  const last = new Map(now);
  const lives = new Set([...last.keys(), ...readyzAway.keys()]);
  return [...lives].map((life) => ({
    life,
    readyz: last.get(life) ?? null,
    readyzAway: readyzAway.get(life) ?? null,
  }));
}

/** How often each line of warning or worse stands in the logs, with the code of its error. */
function loggedIn(ground: ClusterGround): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const log of ground.logs().values()) {
    for (const line of log.split('\n').filter((each) => each.startsWith('{'))) {
      const { level, event, error } = lineOf(line);
      if (level !== 'warn' && level !== 'error') continue;
      const code = error === undefined ? '' : `: ${error.code ?? error.name}`;
      const words = `${level} ${event}${code}`;
      counts.set(words, (counts.get(words) ?? 0) + 1);
    }
  }
  return counts;
}

interface Line {
  level?: string;
  event?: string;
  error?: { code?: string; name?: string };
}

/** The last line of a killed process may be cut off. */
function lineOf(line: string): Line {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
