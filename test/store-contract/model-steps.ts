/** What may happen to a store, one step at a time, chosen by dice. */
import assert from 'node:assert/strict';
import type { Closing } from '../../src/core/attempt.ts';
import type { HookEvent } from '../../src/core/event.ts';
import type { AppendRequest, Hold, NewDelivery, Settlement, Ticket } from '../../src/ports/store.ts';
import type { Dice, World } from './model.ts';
import { laneItems, mustWin, noteAppend, noteMade, noteSettled, openTickets, pick, timed } from './model.ts';
import { checkDue, checkLanes } from './model-checks.ts';
import { releaseLease, renewLease, takeLease, unsettleLease } from './model-leases.ts';
import { RECEIPT_STEPS } from './model-receipt-steps.ts';
import { aClaim, aDelivery, anEvent, aRepeat, aTry, OTHER_TENANT, TENANT } from './samples.ts';

type Step = (world: World, dice: Dice) => Promise<void>;

/** How often a step comes, against the others. */
export const STEPS: Readonly<Record<string, { weight: number; step: Step }>> = {
  append: { weight: 8, step: appendEvent },
  'append again': { weight: 2, step: appendAgain },
  'append under a key': { weight: 2, step: appendUnderKey },
  'append stale': { weight: 1, step: appendStale },
  'settle an open ticket': { weight: 10, step: (world, dice) => settleOne(world, dice, openTickets(world)) },
  'settle any ticket': { weight: 5, step: (world, dice) => settleOne(world, dice, world.seen) },
  'settle several': { weight: 3, step: settleSeveral },
  'settle in a race': { weight: 4, step: settleInRace },
  redeliver: { weight: 3, step: redeliver },
  claim: { weight: 4, step: (world, { a }) => checkDue(world, 1 + (a % 7)) },
  'read lanes': { weight: 3, step: checkLanes },
  'close a lane': { weight: 2, step: closeLane },
  lease: { weight: 3, step: takeLease },
  renew: { weight: 2, step: renewLease },
  release: { weight: 1, step: releaseLease },
  wait: { weight: 4, step: (world, { ms }) => world.under.advance(ms) },
  crash: { weight: 1, step: crash },
  ...RECEIPT_STEPS,
};

const HOLDS: readonly (Hold | null)[] = [
  null,
  null,
  { reason: 'paused', key: '' },
  { reason: 'ordered', key: 'red' },
  { reason: 'ordered', key: 'blue' },
];

function deliveriesOf(world: World, event: HookEvent, { a, b, ms }: Dice): NewDelivery[] {
  const wanted = world.subscriptions.filter((_, index) => index <= a % 3);
  return wanted.map((subscriptionId, index) => {
    const hold = pick(HOLDS, b + index) ?? null;
    return aDelivery(event, subscriptionId, { hold, delayMs: b % 2 === 0 ? 0 : ms });
  });
}

function appending(world: World, dice: Dice): AppendRequest {
  const event = anEvent();
  return { event, deliveries: deliveriesOf(world, event, dice), configVersion: world.configVersion, claims: [] };
}

async function appendEvent(world: World, dice: Dice): Promise<void> {
  await appendFresh(world, appending(world, dice));
}

async function appendFresh(world: World, request: AppendRequest): Promise<void> {
  const { answer, ...times } = await timed(world.under.store, () => world.under.store.append(request));
  assert.ok(answer.kind === 'appended');
  noteAppend(world, request, { answer: answer.tickets, ...times });
}

async function appendAgain(world: World, dice: Dice): Promise<void> {
  const stored = pick([...world.events.values()], dice.a);
  if (stored === undefined) return;
  const request = { ...appending(world, dice), event: stored.event };
  assert.deepEqual(await world.under.store.append(request), { kind: 'duplicate' });
}

async function appendUnderKey(world: World, dice: Dice): Promise<void> {
  const key = `key ${dice.c % 4}`;
  const request = { ...appending(world, dice), claims: [aClaim(key)] };
  if (!world.usedKeys.has(key)) {
    world.usedKeys.add(key);
    return appendFresh(world, request);
  }
  assert.equal((await world.under.store.append(request)).kind, 'repeated');
}

async function appendStale(world: World, dice: Dice): Promise<void> {
  const request = { ...appending(world, dice), configVersion: world.configVersion - 1 };
  const { configVersion } = world;
  assert.deepEqual(await world.under.store.append(request), { kind: 'stale', configVersion });
}

const CLOSINGS: readonly Closing[] = ['succeeded', 'failed_permanent', 'cancelled', 'expired'];

function settlementOf(ticket: Ticket, { b, c, ms }: Dice): Settlement {
  const closes = pick(CLOSINGS, c) ?? 'succeeded';
  const hold = { reason: 'circuit', key: c % 2 === 0 ? '' : 'red' } as const;
  const attempt = c % 3 === 0 ? null : aTry(ticket);
  switch (b % 4) {
    case 0:
      return { ticket, attempt: aTry(ticket, { closes }), next: { kind: 'close' } };
    case 1:
      return { ticket, attempt, next: { kind: 'park', hold, delayMs: ms } };
    default:
      return { ticket, attempt, next: { kind: 'retry', delayMs: ms } };
  }
}

export async function settleAll(world: World, settlements: readonly Settlement[]): Promise<void> {
  const settled = await timed(world.under.store, () => world.under.store.settle({ settlements, health: new Map() }));
  assert.equal(settled.answer.length, settlements.length);
  settlements.forEach((settlement, index) => {
    const answer = settled.answer[index];
    assert.ok(answer !== undefined);
    noteSettled(world, settlement, { ...settled, answer });
  });
}

async function settleOne(world: World, dice: Dice, among: readonly Ticket[]): Promise<void> {
  const ticket = pick(among, dice.a);
  if (ticket !== undefined) await settleAll(world, [settlementOf(ticket, dice)]);
}

async function settleSeveral(world: World, { a, b, c, ms }: Dice): Promise<void> {
  const tickets = [pick(openTickets(world), a), pick(world.seen, b), pick(openTickets(world), c)];
  const settlements = tickets.flatMap((ticket, index) => {
    return ticket === undefined ? [] : [settlementOf(ticket, { a, b: b + index, c, ms })];
  });
  await settleAll(world, settlements);
}

/** Two owners settle one ticket at once: whoever wins, the other loses. */
async function settleInRace(world: World, dice: Dice): Promise<void> {
  const { store } = world.under;
  const ticket = pick(dice.a % 2 === 0 ? openTickets(world) : world.seen, dice.a);
  if (ticket === undefined) return;
  // Both settle a try, which moves the ticket on: putting it off for no time could leave it as it was.
  const rivals = [dice.b, dice.b + 1].map((b) => settlementOf(ticket, { ...dice, b, c: dice.c * 3 + 1 }));
  const wins = rivals.some((rival) => mustWin(world, rival)) ? 1 : 0;
  const { answer, ...times } = await timed(store, () =>
    Promise.all(rivals.map((rival) => store.settle({ settlements: [rival], health: new Map() }))),
  );
  const outcomes = answer.flat();
  const winner = outcomes.findIndex((outcome) => outcome.kind === 'settled');
  const won = rivals[winner];
  const outcome = outcomes[winner];
  if (won !== undefined && outcome !== undefined) noteSettled(world, won, { answer: outcome, ...times });
  assert.equal(outcomes.filter(({ kind }) => kind === 'settled').length, wins);
}

async function redeliver(world: World, { a, b, ms }: Dice): Promise<void> {
  const of = pick([...world.deliveries.keys()], a);
  const repeated = of === undefined ? undefined : world.deliveries.get(of);
  if (of === undefined || repeated === undefined) return;
  const { eventId, subscriptionId } = repeated;
  const isForeign = b % 5 === 0;
  const delivery = aRepeat(subscriptionId, { hold: pick(HOLDS, b) ?? null, delayMs: ms });
  const asked = b % 3 === 0 ? { ...delivery, deliveryId: of } : delivery;
  const tenant = isForeign ? OTHER_TENANT : TENANT;
  const request = { tenant, delivery: asked, eventId, of, kind: 'redelivery', by: null, claims: [] } as const;
  const { answer, ...times } = await timed(world.under.store, () => world.under.store.redeliver(request));
  if (isForeign) return assert.deepEqual(answer, { kind: 'missing' });
  assert.ok(answer.kind === 'appended');
  if (asked !== delivery) {
    // Whether a repetition hands the open ticket over once more is left to the store.
    for (const ticket of answer.tickets) assert.deepEqual(ticket, repeated.ticket);
    return;
  }
  noteMade(world, eventId, delivery, { answer: answer.tickets[0], ...times });
}

async function closeLane(world: World, { a }: Dice): Promise<void> {
  const subscriptionId = pick(world.subscriptions, a) ?? '';
  const isEmpty = laneItems(world, subscriptionId).length === 0;
  assert.equal(await world.under.store.closeLane(subscriptionId, 0), isEmpty);
}

async function crash(world: World): Promise<void> {
  await world.under.crash();
  unsettleLease(world);
}
