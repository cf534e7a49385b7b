/** Several processes on one store in virtual time, that come, end, die, stand still and are cut off. */
import fc from 'fast-check';
import { DEFAULT_TENANT } from '../../src/core/ids.ts';
import { createSubscription } from '../../src/flows/create-subscription.ts';
import { pauseSubscription } from '../../src/flows/pause-subscription.ts';
import { publish } from '../../src/flows/publish.ts';
import { type ClusterYard, clusterYard, type Node, type Sent } from '../support/cluster.ts';
import {
  answerTo,
  begins,
  checkEnd,
  createLedger,
  type Ledger,
  orphan,
  type Receiver,
  type ReceiverPlan,
} from './cluster-ledger.ts';
import { dice } from './dice.ts';

const tenant = DEFAULT_TENANT;

/** What happens to the process, or subscription, that `which` picks of those there are. */
export interface Happening {
  kind: 'join' | 'kill' | 'drain' | 'stop' | 'cut' | 'cut all' | 'pause';
  atS: number;
  which: number;
  forS: number;
}

export interface ClusterScenario {
  seed: number;
  shards: number;
  nodes: number;
  /** The longest a request to the store, or its answer, is on its way. */
  storeMs: number;
  receivers: readonly ReceiverPlan[];
  /** Events in each second, under keys in turn. */
  perSecond: number;
  keys: number;
  happenings: readonly Happening[];
}

const LENGTH_S = 60;
/** Nothing that happens lasts longer. */
const LONGEST_S = 25;
/** Whoever stands still for longer may have lost its leases. */
const LEASE_S = 7;
/** Beside the time that receivers need for all that there is. */
const SETTLED_WITHIN_MS = 300_000;
const LOOK_MS = 30_000;
/** Slow receivers get one event of so many. */
const RARE = 8;
const SLOW_MS = 1000;
const RETRY_MS = 3000;

const whole = (min: number, max: number) => fc.integer({ min, max });

export function clusterScenarios(): fc.Arbitrary<ClusterScenario> {
  const receiver = fc.record({
    maxConcurrency: whole(1, 4),
    ordered: fc.boolean(),
    latencyMs: fc.constantFrom(5, 80, 400, 3000, 12_000),
    failsEvery: fc.constantFrom(0, 3),
  });
  const kind = fc.constantFrom<Happening['kind'][]>('join', 'kill', 'drain', 'stop', 'cut', 'cut all', 'pause');
  const happening = fc.record({ kind, atS: whole(1, LENGTH_S - 1), which: fc.nat(20), forS: whole(1, 20) });
  return fc.record(
    {
      seed: fc.nat(),
      shards: fc.constantFrom(2, 5, 16),
      nodes: whole(1, 4),
      storeMs: fc.constantFrom(0, 3, 40),
      receivers: fc.array(receiver, { minLength: 1, maxLength: 8, size: 'max' }),
      perSecond: whole(1, 6),
      keys: whole(1, 5),
      happenings: fc.array(happening, { maxLength: 8, size: 'max' }),
    },
    { noNullPrototype: true },
  );
}

interface World {
  readonly scenario: ClusterScenario;
  readonly yard: ClusterYard;
  readonly ledger: Ledger;
  readonly nodes: Node[];
  names: number;
  /** Deliveries that were acknowledged. */
  made: number;
  /** Ends of processes that may each have left tries behind: at the third a delivery is poison. */
  ends: number;
  readonly ending: Promise<void>[];
}

/** Runs a scenario and says which promises were broken. */
export async function simulateCluster(
  scenario: ClusterScenario,
): Promise<{ complaints: string[]; again: number; requests: number }> {
  const { between } = dice(scenario.seed);
  const { storeMs } = scenario;
  const yard = clusterYard(scenario.shards, storeMs === 0 ? null : () => between(0, storeMs));
  const ledger = createLedger(yard.clock.monotonicMs);
  const world: World = { scenario, yard, ledger, nodes: [], names: 0, made: 0, ends: 0, ending: [] };
  yard.respond = (sent) => respond(world, sent);
  for (let count = 0; count < scenario.nodes; count++) join(world);
  await yard.pass(3000);
  await subscribeAll(world);
  const fromMs = yard.clock.monotonicMs();
  const at = (ms: number, run: () => void) => yard.clock.after(fromMs + ms - yard.clock.monotonicMs(), run);
  for (let n = 0; n < scenario.perSecond * LENGTH_S; n++)
    at((n * 1000) / scenario.perSecond, () => publishOne(world, n));
  for (const happening of scenario.happenings) at(happening.atS * 1000, () => happen(world, happening));
  await yard.pass((LENGTH_S + 2 * LONGEST_S) * 1000);
  await Promise.all(world.ending);
  if (world.nodes.length === 0) join(world);
  await settled(world);
  await check(world);
  return { complaints: ledger.complaints, again: ledger.again, requests: yard.sent.length };
}

function join(world: World): void {
  const node = world.yard.join(`n${world.names++}`);
  world.nodes.push(node);
  void node.start();
}

async function subscribeAll({ scenario, yard, ledger, nodes }: World): Promise<void> {
  const [node] = nodes;
  if (node === undefined) return;
  for (const [at, plan] of scenario.receivers.entries()) {
    const { maxConcurrency, ordered } = plan;
    const retryPolicy = { maxRetries: 8, backoffType: 'fixed', backoffSeconds: RETRY_MS / 1000 } as const;
    const events = plan.latencyMs >= SLOW_MS ? ['rare'] : [];
    const input = { name: `${at}`, url: `https://r.example/${at}`, maxConcurrency, ordered, retryPolicy, events };
    const making = createSubscription(node.ports, { tenant, by: null, input, enabled: true });
    await yard.pass(2000);
    const made = await making;
    if (made.kind !== 'created') throw new Error(JSON.stringify(made));
    const { id } = made.subscription;
    ledger.receivers.push({ plan, id, open: new Set(), keys: new Map(), pausedAtMs: Infinity });
  }
}

function publishOne(world: World, n: number): void {
  const { ledger, nodes, scenario } = world;
  const node = nodes[n % Math.max(1, nodes.length)];
  if (node === undefined) return;
  const value = { n };
  const data = new TextEncoder().encode(JSON.stringify(value));
  const orderingKey = `k${n % scenario.keys}`;
  const wanting = ledger.receivers.filter(({ plan }) => plan.latencyMs < SLOW_MS || n % RARE === 0);
  const type = n % RARE === 0 ? 'rare' : 'often';
  const input = { tenant, type, data, value, bodyHash: () => data, orderingKey };
  // Order is that of acknowledgements, and those of one key are published one after the other.
  void publish(node.ports, input).then((outcome) => {
    if (outcome.kind !== 'accepted') ledger.complaints.push(JSON.stringify(outcome));
    world.made += wanting.length;
    ledger.acknowledged.add(`${n}`);
  });
  for (const { keys } of wanting) keys.set(orderingKey, [...(keys.get(orderingKey) ?? []), `${n}`]);
}

/** Waits until nothing is open, for no longer than the receivers need for it. */
async function settled({ yard, ledger }: World): Promise<void> {
  const needs = ledger.receivers.map(({ plan, keys }) => {
    const lines = [...keys.values()].map(({ length }) => length);
    const own = lines.reduce((sum, length) => sum + length, 0) / plan.maxConcurrency;
    // In order, each waits for the retries of those before it.
    const inOrder = plan.ordered ? Math.max(0, ...lines) * 2 * RETRY_MS : 0;
    return 2 * own * plan.latencyMs + inOrder;
  });
  const untilMs = yard.clock.monotonicMs() + SETTLED_WITHIN_MS + Math.max(...needs);
  const isOpen = async () => (await yard.deliveries()).some(({ open }) => open !== null);
  while ((await isOpen()) && yard.clock.monotonicMs() < untilMs) await yard.pass(LOOK_MS);
  await yard.pass(LOOK_MS);
}

function respond({ ledger, yard, scenario }: World, sent: Sent): null {
  const receiver = ledger.receivers[Number(sent.request.url.split('/').at(-1))];
  if (receiver === undefined) throw new Error(`nobody is at ${sent.request.url}`);
  const made = begins(
    ledger,
    receiver,
    { by: sent.by, value: `${sent.value}`, n: sent.n, line: sent },
    `k${sent.value % scenario.keys}`,
  );
  yard.clock.after(receiver.plan.latencyMs, () => {
    receiver.open.delete(made);
    if (!sent.isOpen) return;
    made.answer = answerTo(receiver, made);
    sent.answer(made.answer);
  });
  return null;
}

function happen(world: World, { kind, which, forS }: Happening): void {
  const { nodes, yard, ledger } = world;
  const node = nodes[which % Math.max(1, nodes.length)];
  if (kind === 'join') join(world);
  else if (kind === 'cut all') for (const one of nodes) one.cut();
  else if (node === undefined) return;
  else if (kind === 'cut') node.cut();
  else if (kind === 'pause') void pause(world, node, which, forS);
  else if (kind === 'drain') {
    nodes.splice(nodes.indexOf(node), 1);
    world.ending.push(node.worker.drain(forS * 1000));
  } else if (world.ends++ < 2) {
    nodes.splice(nodes.indexOf(node), 1);
    if (kind === 'kill') {
      node.kill();
      orphan(ledger, node.name, true);
      return;
    }
    node.stop();
    yard.clock.after(Math.min(forS, LEASE_S) * 1000, () => orphan(ledger, node.name, false));
    yard.clock.after(forS * 1000, () => {
      ledger.wokeAtMs.set(node.name, yard.clock.monotonicMs());
      node.wake();
      nodes.push(node);
      orphan(ledger, node.name, false);
    });
  }
}

async function pause(world: World, { ports }: Node, which: number, forS: number): Promise<void> {
  const { ledger, yard } = world;
  const receiver = ledger.receivers[which % ledger.receivers.length];
  if (receiver === undefined || receiver.pausedAtMs !== Infinity) return;
  receiver.pausedAtMs = Number.MAX_VALUE;
  const pausing = pauseSubscription(ports, { tenant, id: receiver.id, paused: true });
  // The process may die before it is done, or stand still for a while.
  const givesUp = new Promise<boolean>((resolve) => yard.clock.after(LONGEST_S * 1000, () => resolve(false)));
  const isDone = await Promise.race([pausing.then(() => true), givesUp]);
  if (isDone) receiver.pausedAtMs = yard.clock.monotonicMs();
  yard.clock.after(forS * 1000, () => resume(world, receiver));
}

/** Through a process that runs, and again through another one if it ends before it is done. */
function resume(world: World, receiver: Receiver): void {
  const { nodes, yard } = world;
  receiver.pausedAtMs = Infinity;
  let isDone = false;
  const resuming = nodes[0] && pauseSubscription(nodes[0].ports, { tenant, id: receiver.id, paused: false });
  void resuming?.then(() => {
    isDone = true;
  });
  yard.clock.after(5000, () => isDone || resume(world, receiver));
}

async function check({ yard, ledger, nodes, made, scenario }: World): Promise<void> {
  const deliveries = await yard.deliveries();
  checkEnd(
    ledger,
    made,
    deliveries.map(({ last, open }) => (open === null ? (last?.closes ?? null) : null)),
  );
  const held = nodes.map((node) => node.holds());
  if (held.reduce((sum, one) => sum + one, 0) !== scenario.shards) ledger.complaints.push(`held in the end: ${held}`);
  if (Math.max(...held) > Math.ceil(scenario.shards / nodes.length)) ledger.complaints.push(`shared unfairly: ${held}`);
  const rounds = ['worker.round_failed', 'worker.tasks_failed'];
  const bad = ['delivery.failed', 'lane.failed', ...rounds, 'settle.failed', 'settle.not_noticed'];
  for (const { by, event, fields } of yard.lines) {
    if (bad.includes(event)) ledger.complaints.push(`${by} says ${event} ${String(fields.error)}`);
  }
}
