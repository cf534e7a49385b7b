/** Runs a scenario in virtual time with the real worker, and says which promises were broken. */
import { createMemoryStore } from '../../src/adapters/memory/store.ts';
import { cancelDelivery } from '../../src/flows/cancel-delivery.ts';
import { changeSubscription } from '../../src/flows/change-subscription.ts';
import { createSubscription } from '../../src/flows/create-subscription.ts';
import { pauseSubscription } from '../../src/flows/pause-subscription.ts';
import { publish } from '../../src/flows/publish.ts';
import { runUntil, virtualClock } from '../support/virtual-clock.ts';
import { dice } from './dice.ts';
import { createProcess, type Process, type Site, startProcess, urlOf } from './process.ts';
import { createRecords, newReceiver, type Receiver, type Records } from './record.ts';
import { type Burst, type Change, type End, RETRIES, type Scenario, TENANTS } from './scenario.ts';
import { checkAfter, checkRecovery, RECOVERED_WITHIN_MS, stillOpenUntilMs } from './verdict.ts';
import { processEnds } from './watch.ts';

interface World {
  readonly scenario: Scenario;
  readonly site: Site;
  readonly records: Records;
  process: Process | null;
  /** What is to be published once a process runs. */
  readonly waiting: (() => void)[];
}

/** What a simulation came to. */
export type Outcome = Pick<Records, 'complaints' | 'requests' | 'longestWaitMs' | 'mostQueued'> & {
  deliveries: number;
  endedAtS: number;
};

const TIMEOUT_MS = 30_000;
/** A new owner waits for the lease of one that crashed, and takes it with its next look. */
const LEASE_WITHIN_MS = 15_000;
/** After a second crash, what may have ended the process is sent alone, one after the other. */
const ISOLATION_MS = 600_000;
const LOOK_MS = 60_000;

export async function simulate(scenario: Scenario): Promise<Outcome> {
  const world = createWorld(scenario);
  const { site, records } = world;
  const { clock } = site;
  await subscribeAll(world);
  site.slow = true;
  plan(world);
  await runUntil(clock, scenario.lengthS * 1000);
  await heal(world);
  await runUntil(clock, site.healedAtMs + RECOVERED_WITHIN_MS);
  checkRecovery(records, site.healedAtMs);
  const untilMs = stillOpenUntilMs(records);
  while (records.open > 0 && records.nowMs() < untilMs) {
    release(world);
    await runUntil(clock, records.nowMs() + LOOK_MS);
  }
  checkAfter(records);
  const { complaints, requests, longestWaitMs, mostQueued, deliveries } = records;
  const endedAtS = Math.round(records.nowMs() / 1000);
  return { complaints, requests, longestWaitMs, mostQueued, deliveries: deliveries.size, endedAtS };
}

function createWorld(scenario: Scenario): World {
  const clock = virtualClock();
  const records = createRecords(scenario, clock.monotonicMs);
  const store = createMemoryStore({ now: clock.nowMs, shards: scenario.shards });
  const tenants = Array.from({ length: TENANTS }, (_, at) => `01900000-0000-7000-8000-00000000000${at + 1}`);
  const site: Site = { clock, dice: dice(scenario.seed), store, records, tenants, healedAtMs: Infinity, slow: false };
  return { scenario, site, records, process: createProcess(site), waiting: [] };
}

async function subscribeAll(world: World): Promise<void> {
  const { site, records, process } = world;
  if (process === null) return;
  for (const [index, plan] of world.scenario.subscriptions.entries()) {
    const tenant = site.tenants[plan.tenant] ?? '';
    const { profile, maxConcurrency, rateLimit, ordered, autoDisableThreshold } = plan;
    const input = {
      name: `${index}`,
      url: urlOf(index),
      profile,
      maxConcurrency,
      rateLimit,
      ordered,
      autoDisableThreshold,
      timeout: TIMEOUT_MS,
      retryPolicy: RETRIES[plan.retry],
      events: plan.type === null ? [] : [`type.${plan.type}`],
    };
    const made = await createSubscription(process.ports, { tenant, by: null, input, enabled: true });
    if (made.kind !== 'created') throw new Error(JSON.stringify(made));
    const { id, config } = made.subscription;
    if (config === null) throw new Error('a fresh subscription has a configuration');
    records.receivers.set(id, newReceiver({ index, id, tenant, plan, config }));
  }
  await startProcess(site, process);
}

/** Sets a timer for everything that is to happen. */
function plan(world: World): void {
  const { scenario, site } = world;
  const at = (atMs: number, run: () => void) => site.clock.after(atMs - world.records.nowMs(), run);
  for (const burst of scenario.bursts) {
    for (let count = 0; count < burst.count; count++) {
      at(burst.atS * 1000 + count * burst.everyMs, () => whenUp(world, () => publishOne(world, burst, count)));
    }
  }
  for (const change of scenario.changes) at(change.atS * 1000, () => whenUp(world, () => doChange(world, change)));
  for (const end of scenario.ends) at(end.atS * 1000, () => void endProcess(world, end));
}

function whenUp(world: World, run: () => void): void {
  if (world.process === null) world.waiting.push(run);
  else run();
}

function publishOne({ site, process }: World, { tenant, type, keys }: Burst, count: number): void {
  if (process === null) return;
  const value = { count, words: 'some words '.repeat(count % 7) };
  const data = new TextEncoder().encode(JSON.stringify(value));
  void publish(process.ports, {
    tenant: site.tenants[tenant] ?? '',
    type: `type.${type}`,
    data,
    value,
    bodyHash: () => data,
    ...(keys === 0 ? {} : { orderingKey: `k${count % keys}` }),
  });
}

function doChange(world: World, change: Change): void {
  const { records, process, site } = world;
  if (process === null) return;
  if (change.kind === 'cancel') {
    const open = [...records.deliveries.values()].filter(({ closes }) => closes === null);
    const delivery = open[change.which % Math.max(1, open.length)];
    if (delivery === undefined) return;
    delivery.cancelAsked = true;
    records.cancels++;
    void cancelDelivery(process.ports, { tenant: delivery.receiver.tenant, id: delivery.id, by: null });
    return;
  }
  const receiver = [...records.receivers.values()][change.which % records.receivers.size];
  if (receiver === undefined) return;
  receiver.disturbed = true;
  if (change.kind === 'concurrency') {
    void changeCap(process, receiver, change.to);
    return;
  }
  hold(process, receiver, change.kind, true);
  site.clock.after(change.forS * 1000, () =>
    whenUp(world, () => world.process !== null && hold(world.process, receiver, change.kind, false)),
  );
}

async function changeCap({ ports }: Process, receiver: Receiver, to: number): Promise<void> {
  const { tenant, id } = receiver;
  receiver.caps.push(to);
  const changed = await changeSubscription(ports, { tenant, id, patch: { maxConcurrency: to }, ifVersion: null });
  // Whichever change was the last one, it holds from here on; others that are on their way keep their place.
  if (changed.kind === 'changed') receiver.caps = receiver.caps.slice(receiver.caps.indexOf(to));
}

function hold({ ports }: Process, { tenant, id }: Receiver, how: 'pause' | 'disable', held: boolean): void {
  // As POST …/enable does, whoever switched it off.
  const switching = held ? { enabled: false } : ({ cleared: true } as const);
  if (how === 'pause') void pauseSubscription(ports, { tenant, id, paused: held });
  else void changeSubscription(ports, { tenant, id, patch: {}, ...switching, ifVersion: null });
}

async function endProcess(world: World, { kind, downMs }: End): Promise<void> {
  const { process, records, site } = world;
  // It is down already.
  if (process === null || !process.alive) return;
  const outage = { fromMs: records.nowMs(), untilMs: Infinity };
  records.outages.push(outage);
  if (kind === 'drain') await process.worker.drain(TIMEOUT_MS / 2);
  if (!process.alive) return;
  process.alive = false;
  // One that was draining when it ended otherwise never comes to the end of that.
  for (const other of records.outages)
    if (other.untilMs === Infinity && other !== outage) other.untilMs = records.nowMs();
  world.process = null;
  processEnds(records);
  site.clock.after(downMs, () => void bringUp(world, outage));
}

async function bringUp(world: World, outage: Records['outages'][number]): Promise<void> {
  const { site, records } = world;
  const process = createProcess(site);
  await startProcess(site, process);
  world.process = process;
  const isIsolating = records.outages.length > 1;
  outage.untilMs = records.nowMs() + (isIsolating ? ISOLATION_MS : LEASE_WITHIN_MS);
  for (const run of world.waiting.splice(0)) run();
}

/** All receivers are well from now on, and nobody holds anything back. */
async function heal(world: World): Promise<void> {
  const { site, records } = world;
  while (world.process === null || records.outages.some(({ untilMs }) => untilMs === Infinity)) {
    await runUntil(site.clock, records.nowMs() + 1000);
  }
  site.healedAtMs = records.nowMs();
  release(world);
}

function release({ records, process }: World): void {
  if (process === null) return;
  for (const receiver of records.receivers.values()) {
    if (receiver.held !== null) hold(process, receiver, receiver.held.kind === 'paused' ? 'pause' : 'disable', false);
  }
}
