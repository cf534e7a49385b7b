/** A line-up against a plain model of it that looks at everything each time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createLineup,
  type Entry,
  finish,
  holdUntil,
  type Lineup,
  type LineupLimits,
  push,
  remove,
  setCap,
  type Taken,
  take,
  waiting,
  wakeAtMs,
} from '../fairness.ts';

interface Flight {
  taken: Taken<number>;
  startedAtMs: number;
}

interface Known {
  cap: number;
  notBeforeMs: number;
  waiting: Entry<number>[];
}

interface World {
  limits: LineupLimits;
  lineup: Lineup<number>;
  known: Map<string, Known>;
  flights: Flight[];
  nowMs: number;
  pushed: number;
}

type Step =
  | { kind: 'push'; id: string; retry: boolean; bytes: number; cap: number }
  | { kind: 'take' | 'wake' }
  | { kind: 'finish'; which: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'cap'; id: string; cap: number }
  | { kind: 'hold'; id: string; ms: number }
  | { kind: 'remove'; id: string };

const IDS = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'];
const id = fc.constantFrom(...IDS);
const kind = <const Kind extends string>(name: Kind) => fc.constant(name);
const PUSH = fc.record({
  kind: kind('push'),
  id,
  retry: fc.boolean(),
  bytes: fc.constantFrom(10, 70_000, 200_000),
  cap: fc.integer({ min: 1, max: 3 }),
});
const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { arbitrary: PUSH, weight: 4 },
    { arbitrary: fc.record({ kind: kind('take') }), weight: 5 },
    { arbitrary: fc.record({ kind: kind('finish'), which: fc.nat(20) }), weight: 2 },
    { arbitrary: fc.record({ kind: kind('pass'), ms: fc.nat(700) }), weight: 1 },
    { arbitrary: fc.record({ kind: kind('wake') }), weight: 2 },
    { arbitrary: fc.record({ kind: kind('cap'), id, cap: fc.nat(3) }), weight: 1 },
    { arbitrary: fc.record({ kind: kind('hold'), id, ms: fc.integer({ min: -50, max: 3000 }) }), weight: 1 },
    { arbitrary: fc.record({ kind: kind('remove'), id }), weight: 1 },
  ),
  { maxLength: 300, size: 'max' },
);

const ROOMY: LineupLimits = {
  perSubscription: 64,
  spare: 4096,
  maxQueuedBytes: 1e9,
  maxInFlight: 4,
  maxSlow: 1000,
  maxSockets: 9,
  maxBytesInFlight: Number.POSITIVE_INFINITY,
  slowAfterMs: 1000,
};
const TIGHT: LineupLimits = { ...ROOMY, maxInFlight: 6, maxSlow: 2, maxBytesInFlight: 210_000 };

test('whatever is done: caps, guards, shares and order hold, and what may start is taken', () => {
  for (const limits of [ROOMY, TIGHT]) {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const world = createWorld(limits);
        for (const step of steps) {
          doStep(world, step);
          checkCounters(world);
        }
        checkDrains(world);
      }),
      { numRuns: 150 },
    );
  }
});

function createWorld(limits: LineupLimits): World {
  const known = new Map(IDS.map((one) => [one, { cap: 0, notBeforeMs: 0, waiting: [] }]));
  return { limits, lineup: createLineup(limits), known, flights: [], nowMs: 0, pushed: 0 };
}

function doStep(world: World, step: Step): void {
  if (step.kind === 'push') doPush(world, step);
  if (step.kind === 'take') doTake(world);
  if (step.kind === 'wake') doWake(world);
  if (step.kind === 'finish') doFinish(world, step.which);
  if (step.kind === 'pass') world.nowMs += step.ms;
  if (step.kind === 'remove') doRemove(world, step.id);
  if (step.kind === 'cap') {
    knownOf(world, step.id).cap = step.cap;
    setCap(world.lineup, step.id, step.cap);
  }
  if (step.kind === 'hold') {
    knownOf(world, step.id).notBeforeMs = world.nowMs + step.ms;
    holdUntil(world.lineup, step.id, world.nowMs + step.ms);
  }
}

function doPush(world: World, step: Step & { kind: 'push' }): void {
  const { retry, bytes, cap } = step;
  const entry = { id: step.id, tenant: step.id.charAt(0), retry, bytes, item: world.pushed++ };
  const known = knownOf(world, step.id);
  known.cap = cap;
  known.waiting.push(entry);
  push(world.lineup, entry, cap);
}

function doTake(world: World): boolean {
  const heads = mayStart(world, world.nowMs);
  const young = youngAt(world, world.nowMs);
  const taken = take(world.lineup, world.nowMs);
  if (taken === null) {
    assert.equal(heads.length, 0, 'something may start and is not taken');
    return false;
  }
  const { entry } = taken;
  assert.ok(heads.includes(entry), 'it may not start, or not before another');
  if (heads.some(({ retry }) => retry !== entry.retry)) {
    assert.ok(
      young.filter((other) => other.taken.entry.retry === entry.retry).length <
        Math.floor(world.limits.maxInFlight * 0.75),
      'more than its share',
    );
  }
  const known = knownOf(world, entry.id);
  known.waiting = known.waiting.filter((other) => other !== entry);
  world.flights.push({ taken, startedAtMs: world.nowMs });
  return true;
}

function doFinish(world: World, which: number): void {
  const [flight] = world.flights.splice(which % Math.max(1, world.flights.length), 1);
  if (flight !== undefined) finish(world.lineup, flight.taken);
}

function doRemove(world: World, ofId: string): void {
  const known = knownOf(world, ofId);
  const expected = [...queueOf(known, false), ...queueOf(known, true)].map(({ item }) => item);
  known.waiting = [];
  assert.deepEqual(remove(world.lineup, ofId), expected);
}

/** Waking is exact while nobody is kept back; else never late, and null only when time alone changes nothing. */
function doWake(world: World): void {
  const wakeMs = wakeAtMs(world.lineup, world.nowMs);
  const times = changes(world);
  const sureMs = times.find((ms) => mayStart(world, ms).length > 0) ?? null;
  const exact = times.every((ms) => !IDS.some((one) => wantsMore(world, one) && isKeptBack(world, one, ms)));
  if (exact) assert.equal(wakeMs, sureMs);
  if (wakeMs === null) {
    for (const ms of times) {
      world.nowMs = ms;
      assert.equal(doTake(world), false, 'time alone would have done');
    }
    return;
  }
  assert.ok(wakeMs >= world.nowMs && wakeMs <= (sureMs ?? Number.POSITIVE_INFINITY), `wakes at ${wakeMs}`);
  world.nowMs = wakeMs;
  const gave = doTake(world);
  assert.ok(gave || !exact, 'woken for nothing');
  const againMs = gave ? null : wakeAtMs(world.lineup, wakeMs);
  assert.ok(againMs === null || againMs > wakeMs, 'woken again at once');
}

function changes({ known, flights, limits, nowMs }: World): number[] {
  const ends = [...known.values()].map(({ notBeforeMs }) => notBeforeMs);
  const slows = flights.map(({ startedAtMs }) => startedAtMs + limits.slowAfterMs);
  return [nowMs, ...ends, ...slows].filter((ms) => ms >= nowMs).sort((one, other) => one - other);
}

/** The first entry of each queue that may start at a time. */
function mayStart(world: World, ms: number): Entry<number>[] {
  const { flights, limits } = world;
  if (flights.length >= limits.maxSockets || youngAt(world, ms).length >= limits.maxInFlight) return [];
  return [...world.known].flatMap(([ofId, known]) => {
    const idle = known.notBeforeMs > ms || !wantsMore(world, ofId);
    return idle || isKeptBack(world, ofId, ms) ? [] : headsOf(known);
  });
}

function wantsMore(world: World, ofId: string): boolean {
  const known = knownOf(world, ofId);
  return known.waiting.length > 0 && flightsOf(world, ofId).length < known.cap;
}

/** Whether a subscription would leave less than it takes of sockets or young places, or is slow, or short of bytes. */
function isKeptBack(world: World, ofId: string, ms: number): boolean {
  const { flights, limits } = world;
  const [young, slow] = [youngAt(world, ms), slowAt(world, ms)];
  const own = flightsOf(world, ofId);
  const ownYoung = own.filter((flight) => young.includes(flight)).length;
  if (own.length > 0) {
    if (own.length >= limits.maxSockets - flights.length || ownYoung >= limits.maxInFlight - young.length) return true;
    if (own.length > ownYoung && slow.length >= limits.maxSlow) return true;
  }
  return headsOf(knownOf(world, ofId)).some(({ bytes }) => {
    if (bytes <= 65_536 || largeBytes(flights) === 0) return false;
    const hangs = own.length > ownYoung && largeBytes(slow) > limits.maxBytesInFlight;
    const tooYoung = largeBytes(young) + bytes > limits.maxBytesInFlight;
    return hangs || tooYoung || largeBytes(flights) + bytes > 4 * limits.maxBytesInFlight;
  });
}

function headsOf(known: Known): Entry<number>[] {
  return [...queueOf(known, false).slice(0, 1), ...queueOf(known, true).slice(0, 1)];
}

function youngAt(world: World, ms: number): Flight[] {
  return world.flights.filter(({ startedAtMs }) => startedAtMs + world.limits.slowAfterMs > ms);
}

function slowAt(world: World, ms: number): Flight[] {
  return world.flights.filter(({ startedAtMs }) => startedAtMs + world.limits.slowAfterMs <= ms);
}

function largeBytes(flights: readonly Flight[]): number {
  return flights.reduce((sum, { taken }) => sum + (taken.entry.bytes > 65_536 ? taken.entry.bytes : 0), 0);
}

function flightsOf({ flights }: World, ofId: string): Flight[] {
  return flights.filter(({ taken }) => taken.entry.id === ofId);
}

function queueOf(known: Known, ofRetry: boolean): Entry<number>[] {
  return known.waiting.filter(({ retry }) => retry === ofRetry);
}

function knownOf({ known }: World, ofId: string): Known {
  const found = known.get(ofId);
  assert.ok(found);
  return found;
}

function checkCounters(world: World): void {
  const { lineup, known, flights } = world;
  const queued = [...known.values()].flatMap((one) => one.waiting);
  assert.equal(lineup.queued, queued.length);
  assert.equal(
    lineup.queuedBytes,
    queued.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  assert.deepEqual([lineup.inFlight, lineup.youngBytes + lineup.slowBytes], [flights.length, largeBytes(flights)]);
  for (const [ofId, one] of known) {
    assert.deepEqual(
      [waiting(lineup, ofId), lineup.subscribers.get(ofId)?.inFlight ?? 0],
      [one.waiting.length, flightsOf(world, ofId).length],
    );
  }
}

/** With places given back and caps that let something start, everything gets its turn, and nothing is remembered. */
function checkDrains(world: World): void {
  for (const [ofId, known] of world.known) {
    known.cap = Math.max(1, known.cap);
    setCap(world.lineup, ofId, known.cap);
  }
  const rounds = 2 * (world.pushed + world.flights.length) + IDS.length;
  for (let round = 0; round < rounds && world.lineup.queued + world.flights.length > 0; round++) {
    while (doTake(world));
    if (world.flights.length > 0) doFinish(world, 0);
    else world.nowMs = wakeAtMs(world.lineup, world.nowMs) ?? world.nowMs;
  }
  world.nowMs += 10_000;
  take(world.lineup, world.nowMs);
  assert.deepEqual([world.lineup.queued, world.lineup.subscribers.size, world.lineup.tenants.size], [0, 0, 0]);
}
