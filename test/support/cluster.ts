/** Several workers on one store in memory, each in a process of its own that can be stopped, cut off or killed. */
import assert from 'node:assert/strict';
import { createMac } from '../../src/adapters/mac.ts';
import { createMemoryCluster, type Member } from '../../src/adapters/memory/cluster.ts';
import type { Answer } from '../../src/core/attempt.ts';
import { DEFAULT_TENANT, type Id } from '../../src/core/ids.ts';
import { createAuthenticate } from '../../src/flows/authenticate.ts';
import { createConfigurationCache } from '../../src/flows/configuration.ts';
import type { Clock, DeliveryView, Hint, OutboundRequest, Random, Sender, Store } from '../../src/ports.ts';
import { createFollowing } from '../../src/worker/following.ts';
import { createWorker, DEFAULT_LIMITS, type Worker } from '../../src/worker/loop.ts';
import { telling } from '../../src/worker/telling.ts';
import { answered, type FakePorts, fakePorts, unanswered } from './ports.ts';
import { runUntil, type VirtualClock, virtualClock } from './virtual-clock.ts';

/** A try as its receiver sees it. */
export interface Sent {
  readonly by: string;
  readonly deliveryId: Id;
  readonly n: number;
  /** Of an event `{"n": …}`. */
  readonly value: number;
  readonly atMs: number;
  readonly request: OutboundRequest;
  isOpen: boolean;
  answer(answer?: Answer): void;
}

export interface Line {
  readonly by: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One process. */
export interface Node {
  readonly name: string;
  readonly ports: FakePorts;
  readonly worker: Worker;
  start(): Promise<void>;
  /** kill -9. */
  kill(): void;
  /** SIGSTOP and SIGCONT: nothing of it happens meanwhile, while the clocks go on. */
  stop(): void;
  wake(): void;
  /** Its connection to the store is lost and made again. */
  cut(): void;
  /** How many shards it sends for. */
  holds(): number;
}

export interface ClusterYard {
  readonly clock: VirtualClock;
  readonly sent: Sent[];
  readonly lines: Line[];
  /** What the receiver answers at once; null when the test does. */
  respond: (sent: Sent) => Answer | null;
  join(name: string): Node;
  /** Tries that have begun and not ended. */
  open(): Sent[];
  pass(ms: number): Promise<void>;
  deliveries(): Promise<readonly DeliveryView[]>;
  /** Fails unless `isSo` becomes true; in steps of 50 ms. Returns how long that took. */
  until(isSo: () => boolean, withinMs: number): Promise<number>;
}

interface Life {
  is: 'running' | 'stopped' | 'dead';
  readonly waiting: (() => void)[];
}

/** Lets something happen after the time that a request to the store, or its answer, is on its way. */
type Way = (run: () => void) => void;

/**
 * A yard whose processes share `shards` shards.
 * @param wayMs how long each request to the store, and each answer, is on its way; no time unless told
 */
export function clusterYard(shards = 16, wayMs: (() => number) | null = null): ClusterYard {
  const clock = virtualClock();
  const cluster = createMemoryCluster({ now: clock.nowMs, shards });
  const reader = cluster.join().store;
  const way: Way = wayMs === null ? (run) => run() : (run) => clock.after(wayMs(), run);
  const yard: ClusterYard = {
    clock,
    sent: [],
    lines: [],
    respond: () => answered(200),
    join: (name) => nodeOf(yard, cluster.join(), name, way),
    open: () => yard.sent.filter(({ isOpen }) => isOpen),
    pass: (ms) => runUntil(clock, clock.monotonicMs() + ms),
    deliveries: () => reader.deliveries({ tenant: DEFAULT_TENANT, limit: 10_000 }),
    async until(isSo, withinMs) {
      const fromMs = clock.monotonicMs();
      while (!isSo()) {
        assert.ok(clock.monotonicMs() - fromMs < withinMs, `not within ${withinMs} ms: ${isSo}`);
        await yard.pass(50);
      }
      return clock.monotonicMs() - fromMs;
    },
  };
  return yard;
}

function nodeOf(yard: ClusterYard, member: Member, name: string, way: Way): Node {
  const life: Life = { is: 'running', waiting: [] };
  const clock = clockOf(yard.clock, life);
  const store = storeOf(member.store, life, way);
  const { neighbours } = store;
  assert.ok(neighbours !== null);
  const log = (event: string, fields = {}) => life.is !== 'dead' && void yard.lines.push({ by: name, event, fields });
  const base = fakePorts({
    clock,
    store,
    random: diceOf(name),
    sender: senderOf(yard, life, name),
    log: { debug: () => {}, info: log, warn: log, error: log },
  });
  const own = { ...base, clock: { ...clock, advance: () => assert.fail('the yard has the clock') } };
  const configuration = createConfigurationCache(own);
  const authenticate = createAuthenticate(own, new Map());
  const worker = createWorker({ ...own, configuration }, { limits: DEFAULT_LIMITS });
  const following = createFollowing({ ...own, neighbours, configuration, authenticate }, (tenant) =>
    worker.configurationChanged(tenant),
  );
  const local = { ...worker, configurationChanged: following.configurationChanged };
  const dispatch = telling(local, neighbours, worker.holds);
  const hear = (hint: Hint) => (hint.kind === 'configuration' ? following.hint() : worker.hear(hint));
  return {
    name,
    ports: { ...own, configuration, authenticate, dispatch },
    worker,
    async start() {
      await configuration.refresh(DEFAULT_TENANT);
      following.start();
      neighbours.listen(hear);
      await worker.start();
    },
    kill() {
      life.is = 'dead';
      member.die();
      for (const sent of yard.sent) if (sent.by === name) sent.isOpen = false;
    },
    stop() {
      life.is = 'stopped';
    },
    wake() {
      life.is = 'running';
      for (const run of life.waiting.splice(0)) run();
    },
    cut: member.cut,
    holds: () => Array.from({ length: store.shards }, (_, shard) => shard).filter((at) => worker.holds(at)).length,
  };
}

/** Does it when the process runs; never when it is dead. */
function whenRunning(life: Life, run: () => void): void {
  if (life.is === 'running') run();
  else if (life.is === 'stopped') life.waiting.push(() => whenRunning(life, run));
}

function clockOf(clock: VirtualClock, life: Life): Clock {
  return {
    nowMs: clock.nowMs,
    monotonicMs: clock.monotonicMs,
    after(delayMs, run) {
      let isCancelled = false;
      clock.after(delayMs, () => whenRunning(life, () => isCancelled || run()));
      return () => {
        isCancelled = true;
      };
    },
    soon: (run) => clock.soon(() => whenRunning(life, run)),
  };
}

type Operation = (...args: unknown[]) => unknown;

/** A stopped process asks nothing and hears of no answer; of a dead one nobody hears again. */
function storeOf(store: Store, life: Life, way: Way): Store {
  const gated = <Of extends object>(of: Of): Of => {
    const entries = Object.entries(of).map(([name, value]) =>
      typeof value === 'function' && !['tell', 'listen', 'onLost'].includes(name)
        ? [name, gate(value as Operation, life, way)]
        : [name, value],
    );
    return Object.fromEntries(entries) as Of;
  };
  const { neighbours } = store;
  if (neighbours === null) return gated(store);
  const { tell, listen, onLost } = neighbours;
  return {
    ...gated(store),
    neighbours: {
      ...gated(neighbours),
      tell: (hint) => whenRunning(life, () => tell(hint)),
      onLost: (lost) => onLost(() => whenRunning(life, lost)),
      listen: (heard) => listen((hint) => whenRunning(life, () => heard(hint))),
    },
  };
}

function gate(operation: Operation, life: Life, way: Way): Operation {
  return (...args) =>
    new Promise((resolve, reject) => {
      // What is on its way gets there, whatever becomes of the process; one that is dead says no more.
      const ask = () =>
        Promise.resolve(operation(...args)).then(
          (result) => way(() => whenRunning(life, () => resolve(result))),
          (error: unknown) => way(() => whenRunning(life, () => reject(error as Error))),
        );
      whenRunning(life, () => way(() => void ask()));
    });
}

function senderOf(yard: ClusterYard, life: Life, by: string): Sender {
  const send = (request: OutboundRequest) =>
    new Promise<Answer>((resolve) => {
      const sent: Sent = {
        by,
        deliveryId: request.headers['hookyard-delivery'] ?? '',
        n: Number(request.headers['hookyard-attempt']),
        value: numberOf(request),
        atMs: yard.clock.monotonicMs(),
        request,
        isOpen: true,
        answer(answer = answered(200)) {
          sent.isOpen = false;
          whenRunning(life, () => resolve(answer));
        },
      };
      yard.sent.push(sent);
      const answer = yard.respond(sent);
      if (answer !== null) sent.answer(answer);
    });
  return {
    send,
    sockets: () => 0,
    close: async () => {
      for (const sent of yard.open()) if (sent.by === by) sent.answer(unanswered('aborted_shutdown'));
    },
  };
}

function numberOf({ body }: OutboundRequest): number {
  const { data, n } = JSON.parse(new TextDecoder().decode(body));
  return data?.n ?? n;
}

/** Dice that fall the same way in every run, and otherwise for each name. */
function diceOf(name: string): Random {
  const mac = createMac();
  let drawn = 0;
  const bytes = (count: number) => new Uint8Array(mac.sha256(`${name} ${drawn++}`)).slice(0, count);
  return { roll: () => (bytes(1)[0] ?? 0) / 256, bytes };
}
