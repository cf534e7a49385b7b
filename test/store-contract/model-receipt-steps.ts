/** What may happen to receipts and their sources, one step at a time, chosen by dice. */
import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import { REJECTED_KEPT_MS } from '../../src/core/receipt.ts';
import type {
  ConfigChange,
  EventAppend,
  Handover,
  ReceiptRequest,
  ReceiptRevision,
  StoredReceipt,
} from '../../src/ports/store.ts';
import type { Dice, Timed, World } from './model.ts';
import { noteAppend, pick, timed } from './model.ts';
import { arriving, dedupeOf, eventsOf, replayOf } from './model-arrivals.ts';
import { afterRecorded, afterRevised, forget, heldOf, idsOf, type KnownReceipts } from './model-receipts.ts';
import { revising } from './revisions.ts';
import { aClaim, anEvent, bytes, FACT, newId, OTHER_TENANT, sha256, TENANT } from './samples.ts';

type Step = (world: World, dice: Dice) => Promise<void>;

/** How often a step comes, against the others. */
export const RECEIPT_STEPS: Readonly<Record<string, { weight: number; step: Step }>> = {
  receive: { weight: 10, step: receive },
  'receive again': { weight: 2, step: receiveAgain },
  'receive at once': { weight: 3, step: receiveAtOnce },
  'receive stale': { weight: 1, step: receiveStale },
  revise: { weight: 5, step: revise },
  'revise at once': { weight: 2, step: reviseAtOnce },
  'put a source': { weight: 1, step: putSource },
  'let a source go on': { weight: 2, step: letGoOn },
  'delete a source': { weight: 1, step: deleteSource },
  'work through what is held': { weight: 3, step: workThrough },
  'keep house': { weight: 2, step: keepHouse },
};

const HELD_AT_ONCE = 2;

async function receive(world: World, dice: Dice): Promise<void> {
  await record(world, await arriving(world, dice));
}

async function receiveAgain(world: World, { a }: Dice): Promise<void> {
  const request = pick(world.receipts.asked, a);
  if (request !== undefined) await record(world, { ...request, configVersion: world.configVersion });
}

async function receiveStale(world: World, dice: Dice): Promise<void> {
  const request = await arriving(world, dice);
  await record(world, { ...request, configVersion: world.configVersion - 1 });
}

async function record(world: World, request: ReceiptRequest): Promise<void> {
  const { store } = world.under;
  // Recorded already, it makes none of its events, also where it was a duplicate then.
  const events = world.receipts.stored.has(request.receipt.id) ? [] : request.events;
  const { answer, ...times } = await timed(store, () => store.recordReceipt(request));
  world.receipts = afterRecorded(world.receipts, request, { answer, ...times }, world.configVersion);
  world.receipts.asked.push(request);
  if (answer.kind === 'recorded') noteHandovers(world, events, { answer: answer.handovers, ...times });
}

/** Events that are new are handed over with their tickets, in their order; others are not. */
function noteHandovers(
  world: World,
  events: readonly EventAppend[],
  { answer, ...times }: Timed<readonly Handover[]>,
): void {
  const fresh = events.filter(({ event }) => !world.events.has(event.id));
  assert.deepEqual(
    answer.map(({ event }) => event),
    fresh.map(({ event }) => event),
  );
  fresh.forEach((append, at) => {
    noteAppend(world, append, { answer: answer[at]?.tickets ?? [], ...times });
  });
}

/** Two messages at once, whose events go to nobody: whichever comes first, the answers are those of some order. */
async function receiveAtOnce(world: World, dice: Dice): Promise<void> {
  const { store } = world.under;
  const [one, two] = [await arriving(world, dice), await arriving(world, { ...dice, b: dice.b + 1 })];
  const [first, second] = [one, { ...two, dedupe: one.dedupe }].map((request) => {
    return { ...request, events: request.events.map((append) => ({ ...append, deliveries: [] })) };
  });
  assert.ok(first !== undefined && second !== undefined);
  const { answer, ...times } = await timed(store, () =>
    Promise.all([store.recordReceipt(first), store.recordReceipt(second)]),
  );
  const made = [
    { request: first, outcome: { answer: answer[0], ...times } },
    { request: second, outcome: { answer: answer[1], ...times } },
  ];
  world.receipts = inSomeOrder(world.receipts, made, (known, { request, outcome }) => {
    return afterRecorded(known, request, outcome, world.configVersion);
  });
  for (const { request, outcome } of made) {
    world.receipts.asked.push(request);
    if (outcome.answer.kind === 'recorded') {
      noteHandovers(world, request.events, { answer: outcome.answer.handovers, ...times });
    }
  }
}

/** What is known after two things that happened one after the other, or the other way round. */
function inSomeOrder<Made>(
  known: KnownReceipts,
  made: readonly Made[],
  after: (known: KnownReceipts, made: Made) => KnownReceipts,
): KnownReceipts {
  try {
    return made.reduce(after, known);
  } catch {
    return made.toReversed().reduce(after, known);
  }
}

function revisionOf(world: World, of: StoredReceipt, dice: Dice): ReceiptRevision {
  const { a, b, c } = dice;
  return revising(of.receipt, {
    outcome: b % 5 === 0 ? 'held' : b % 5 === 1 ? 'ignored' : 'processed',
    facts: b % 2 === 0 ? [FACT] : [],
    events: eventsOf(world, dice),
    dedupe: dedupeOf(c),
    replay: replayOf(b),
    configVersion: world.configVersion - (a % 9 === 0 ? 1 : 0),
    claims: a % 4 === 0 ? [aClaim(`revision ${b % 6}`)] : [],
  });
}

function someReceipt(world: World, { c }: Dice): StoredReceipt | undefined {
  return pick([...world.receipts.stored.values()], c);
}

async function revise(world: World, dice: Dice): Promise<void> {
  const of = someReceipt(world, dice);
  if (of === undefined) return;
  const request = revisionOf(world, of, dice);
  const strange = [{ revision: request.revision + 1 }, { tenant: OTHER_TENANT }, { id: newId() }];
  await reviseAs(world, { ...request, ...(dice.ms % 6 === 0 ? pick(strange, dice.a) : {}) });
}

async function reviseAs(world: World, request: ReceiptRevision): Promise<void> {
  const { store } = world.under;
  const { answer, ...times } = await timed(store, () => store.reviseReceipt(request));
  world.receipts = afterRevised(world.receipts, request, { answer, ...times }, world.configVersion);
  if (answer.kind === 'revised') noteHandovers(world, request.events, { answer: answer.handovers, ...times });
}

/** Two work through one receipt at once: one of them comes too late. */
async function reviseAtOnce(world: World, dice: Dice): Promise<void> {
  const of = someReceipt(world, dice);
  if (of === undefined) return;
  const { store } = world.under;
  const rivals = [dice, { ...dice, b: dice.b + 1 }].map((thrown) => ({
    ...revisionOf(world, of, thrown),
    events: [{ event: anEvent(), deliveries: [] }],
  }));
  const { answer, ...times } = await timed(store, () =>
    Promise.all(rivals.map((request) => store.reviseReceipt(request))),
  );
  const made = rivals.flatMap((request, at) => {
    const outcome = answer[at];
    return outcome === undefined ? [] : [{ request, outcome: { answer: outcome, ...times } }];
  });
  world.receipts = inSomeOrder(world.receipts, made, (known, { request, outcome }) => {
    return afterRevised(known, request, outcome, world.configVersion);
  });
  for (const { request, outcome } of made) {
    if (outcome.answer.kind === 'revised') {
      noteHandovers(world, request.events, { answer: outcome.answer.handovers, ...times });
    }
  }
}

async function changeSource(world: World, change: ConfigChange, version: number | null): Promise<void> {
  const outcome = await world.under.store.configure({ tenant: TENANT, change, claims: [] });
  assert.ok(outcome.kind === 'changed');
  assert.equal(outcome.configVersion, world.configVersion + 1);
  world.configVersion = outcome.configVersion;
  world.receipts.versions.set(change.kind === 'put_key' ? '' : change.id, version);
}

function putting(id: Id, version: number | null) {
  const put = { kind: 'put_source', id, config: bytes('source'), createdBy: null, enabled: true } as const;
  return { ...put, urlKeyHash: sha256(id), version };
}

async function putSource(world: World, { a }: Dice): Promise<void> {
  const source = pick(world.receipts.sources, a) ?? '';
  const version = world.receipts.versions.get(source) ?? null;
  await changeSource(world, putting(source, version), (version ?? 0) + 1);
}

async function letGoOn(world: World, { a }: Dice): Promise<void> {
  const source = pick(world.receipts.sources, a) ?? '';
  const version = world.receipts.versions.get(source) ?? null;
  const releaseTaskId = newId();
  await changeSource(world, { ...putting(source, version), releaseTaskId }, (version ?? 0) + 1);
  world.receipts.tasks.set(releaseTaskId, { source, n: 0 });
}

async function deleteSource(world: World, { a }: Dice): Promise<void> {
  const source = pick(world.receipts.sources, a) ?? '';
  if ((world.receipts.versions.get(source) ?? null) === null) return;
  const count = heldOf(world.receipts, source).length;
  const change = { kind: 'delete_source', id: source, unlessHolding: true } as const;
  if (count === 0) return changeSource(world, change, null);
  const outcome = await world.under.store.configure({ tenant: TENANT, change, claims: [] });
  assert.deepEqual(outcome, { kind: 'holding', count });
}

/** One step of a release: the oldest of what its source holds, and the task is done when nothing is left. */
async function workThrough(world: World, { a }: Dice): Promise<void> {
  const { store } = world.under;
  const tasks = await store.claimTasks([0], 100);
  const known = tasks.map(({ id, ref, n }) => [id, { source: ref, n }] as const);
  assert.deepEqual(new Map(known.toSorted()), new Map([...world.receipts.tasks].toSorted()));
  const task = pick(tasks, a);
  if (task === undefined) return;
  const held = await store.heldReceipts(task.ref, { receipts: HELD_AT_ONCE, bytes: 1e9 });
  assert.deepEqual(held, heldOf(world.receipts, task.ref).slice(0, HELD_AT_ONCE));
  for (const { receipt } of held) {
    await reviseAs(world, revising(receipt, { configVersion: world.configVersion }));
  }
  const isDone = held.length < HELD_AT_ONCE;
  const next = isDone ? ({ kind: 'done' } as const) : ({ kind: 'again', delayMs: 0, payload: bytes('') } as const);
  assert.deepEqual(await store.settleTask({ task, next, deliveries: [] }), { kind: 'settled', tickets: [] });
  if (isDone) world.receipts.tasks.delete(task.id);
  else world.receipts.tasks.set(task.id, { source: task.ref, n: task.n + 1 });
}

/** Rejected receipts that are older than a day go; what becomes so meanwhile may. */
async function keepHouse(world: World): Promise<void> {
  const { store } = world.under;
  const { fromMs, untilMs } = await timed(store, () => store.maintain());
  const left = new Set((await store.receipts({ tenant: TENANT, limit: 10_000 })).map(({ receipt }) => receipt.id));
  for (const { receipt } of [...world.receipts.stored.values()]) {
    const goneMs = receipt.receivedAtMs + REJECTED_KEPT_MS;
    const mayGo = receipt.outcome === 'rejected' && goneMs < untilMs;
    assert.ok(left.has(receipt.id) || mayGo, 'what is not rejected, or not old, stays');
    assert.ok(!left.has(receipt.id) || !mayGo || goneMs >= fromMs, 'what is old goes');
    if (!left.has(receipt.id)) forget(world.receipts, receipt.id);
  }
  assert.deepEqual([...left], idsOf(world.receipts));
}
