/**
 * The steps of an item's way: let in or put back, queued fairly, given its turn, settled, forgotten. Each function below
 * does one of them to the record in `turns.ts`.
 */
import { admit, isOpen } from '../core/circuit.ts';
import { finish, hasRoom, holdUntil, push, setCap, type Taken, take, wakeAtMs } from '../core/fairness.ts';
import type { Id } from '../core/ids.ts';
import { isRecovering, window } from '../core/pace.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import type { Settlement } from '../ports.ts';
import { decideEntry, type Entry, FULL, holdOn, LEAVE, LET_IN, type PutBack } from './entry.ts';
import { bytesOf, type Item } from './item.ts';
import { noteCircuit } from './lane-note.ts';
import { arrived, type Begun, begin, mayBeginNow, nextStartMs, note, type Traffic, trafficOf } from './traffic.ts';
import { report, type Turn, trySending, unsent } from './tries.ts';
import { decideTurn, type TurnDecision } from './turn-decision.ts';
import { subscriptionOf, type Turns } from './turns.ts';

/** Takes an item in: queued if it may wait here, else put back to where the store keeps it. */
export function enqueue(turns: Turns, item: Item): void {
  if (letIn(turns, item)) pump(turns);
}

/** Notes that a delivery was closed by somebody else. What is on its way goes on, and its settlement will be lost. */
export function withdraw(turns: Turns, deliveryId: Id): void {
  if (turns.known.has(deliveryId)) turns.withdrawn.add(deliveryId);
}

/** Settles without a turn: what was decided about an item that is in the store alone. */
export function settleUnqueued(turns: Turns, item: Item, settlement: Settlement): void {
  if (!isNews(turns, item)) return;
  turns.known.add(item.ticket);
  settleTurn(turns, item, subscriptionOf(turns, item), unsent(settlement));
}

/** Whether an item is for this process to see to, and it does not do so already. */
function isNews({ closed, known, hooks }: Turns, { ticket }: Item): boolean {
  return !closed && !known.has(ticket.deliveryId) && hooks.isOurs(ticket.place.shard);
}

function letIn(turns: Turns, item: Item): boolean {
  const { ticket } = item;
  if (!isNews(turns, item)) return false;
  turns.known.add(ticket, item.mayRepeat);
  const subscription = subscriptionOf(turns, item);
  const entry = entryOf(turns, item, subscription);
  if (entry.kind !== 'in') {
    putBack(turns, item, entry);
    return false;
  }
  const fits =
    ticket.place.kind === 'lane' || hasRoom(turns.lineup, ticket.subscriptionId, bytesOf(item, subscription));
  if (!fits && !entry.probe) {
    putBack(turns, item, { kind: 'park', hold: FULL });
    return false;
  }
  pushItem(turns, entry.probe ? { ...item, probe: true } : item, subscription);
  return true;
}

/** Whether an item may wait in memory for its turn. What is cancelled then, as its subscription is gone, may. */
export function entryOf(turns: Turns, item: Item, subscription: LiveSubscription | undefined): Entry {
  if (subscription === undefined) return LET_IN;
  const traffic = turns.traffic.get(subscription.id);
  // Nearly every item: nothing holds its subscription.
  if (subscription.state.kind === 'active' && (traffic === undefined || !isOpen(traffic.circuit))) return LET_IN;
  return decideEntry(item, holdOn(item, subscription), {
    open: traffic !== undefined && isOpen(traffic.circuit),
    admit: () => (traffic ? admit(traffic.circuit, item.ticket, turns.ports.clock.monotonicMs()) : { kind: 'send' }),
  });
}

/** Queues an item that was let in. */
export function pushItem(turns: Turns, item: Item, subscription: LiveSubscription | undefined): void {
  const { ticket, event } = item;
  const cap = subscription?.config?.maxConcurrency ?? 1;
  const traffic = turns.traffic.get(ticket.subscriptionId);
  const entry = {
    id: ticket.subscriptionId,
    tenant: event.tenant,
    retry: ticket.n > 0,
    bytes: bytesOf(item, subscription),
    item,
  };
  push(turns.lineup, entry, traffic ? window(traffic.pace, cap) : cap);
}

/** Puts an item back to where the store keeps it. */
export function putBack(turns: Turns, item: Item, entry: PutBack): void {
  const { ticket } = item;
  switch (entry.kind) {
    case 'leave':
      drop(turns, item);
      break;
    case 'park':
      settle(turns, item, unsent({ ticket, attempt: null, next: { ...entry, delayMs: 0 } }));
      break;
    case 'postpone':
      settle(turns, item, unsent({ ticket, attempt: null, next: { kind: 'retry', delayMs: entry.delayMs } }));
  }
}

/**
 * Tries begun in one go. A thousand at once would keep callers, and what the store has to say, waiting for as long as it
 * takes to render and sign them all.
 */
const MAX_BURST = 32;

/** Starts whatever may start. */
export function pump(turns: Turns): void {
  const { lineup, ports } = turns;
  if (lineup.queued === 0 || isBehind(turns)) return;
  const nowMs = ports.clock.monotonicMs();
  while (turns.burst < MAX_BURST) {
    const next = take(lineup, nowMs);
    if (next === null) {
      wakeLater(turns, nowMs);
      return;
    }
    if (turns.burst === 0) ports.clock.soon(() => goOn(turns));
    turns.burst++;
    start(turns, next, nowMs);
  }
}

/**
 * Results that may wait for the store. Beyond them nothing is sent: each holds an answer in memory, and what cannot be
 * recorded would be sent again.
 */
const MAX_UNSETTLED = 2048;

function isBehind(turns: Turns): boolean {
  if (turns.settling.pending() < MAX_UNSETTLED) return false;
  turns.stalled = true;
  return true;
}

function goOn(turns: Turns): void {
  turns.burst = 0;
  pump(turns);
}

/** Comes back when time alone lets something start. */
function wakeLater(turns: Turns, nowMs: number): void {
  const atMs = wakeAtMs(turns.lineup, nowMs);
  if (atMs === null || turns.closed || (turns.wake !== null && turns.wake.atMs <= atMs)) return;
  turns.wake?.cancel();
  const wake = () => {
    turns.wake = null;
    pump(turns);
  };
  turns.wake = { atMs, cancel: turns.ports.clock.after(Math.max(0, atMs - nowMs), wake) };
}

function start(turns: Turns, taken: Taken<Item>, nowMs: number): void {
  const { item } = taken.entry;
  const subscription = subscriptionOf(turns, item);
  const next = nextOf(turns, item, subscription);
  if (next.kind === 'send') {
    send(turns, taken, next, nowMs).catch((error: unknown) => {
      turns.ports.log.error('delivery.failed', { deliveryId: item.ticket.deliveryId, error });
    });
    return;
  }
  setAside(turns, item, subscription, next);
  finish(turns.lineup, taken);
}

type Aside = Exclude<TurnDecision, { kind: 'send' }> | PutBack;

/** Does with an item what was decided instead of a try. */
function setAside(turns: Turns, item: Item, subscription: LiveSubscription | undefined, next: Aside): void {
  if (next.kind === 'wait') {
    const { subscriptionId } = item.ticket;
    turns.ports.log.error('delivery.secret_unavailable', { subscriptionId, ...next.lacks });
  }
  if (next.kind === 'settle' || next.kind === 'wait') settleTurn(turns, item, subscription, unsent(next.settlement));
  else putBack(turns, item, next);
}

/** What is to be done now; much may have happened since the item was let in. */
function nextOf(turns: Turns, item: Item, subscription: LiveSubscription | undefined): TurnDecision | PutBack {
  const { ticket } = item;
  // Not ours any more, or closed by somebody else: nothing of it is settled here.
  const isOurs = !turns.closed && turns.hooks.safe(ticket.place.shard);
  if (!isOurs || turns.withdrawn.has(ticket.deliveryId)) return LEAVE;
  const entry = entryOf(turns, item, subscription);
  if (entry.kind !== 'in') return entry;
  return decideTurn(item, subscription, turns.ports.clock.nowMs());
}

async function send(
  turns: Turns,
  taken: Taken<Item>,
  decision: Extract<TurnDecision, { kind: 'send' }>,
  nowMs: number,
): Promise<void> {
  const { item } = taken.entry;
  const { subscription, config } = decision;
  const traffic = trafficOf(turns.traffic, subscription.id, config);
  const begun = begin(traffic, nowMs, item.probe);
  turns.known.tryBegins(item.ticket);
  if (item.probe && subscription.state.kind === 'active') noteCircuit(turns, subscription.id, traffic);
  steer(turns, subscription.id, traffic, config.maxConcurrency);
  const onItsWay = begun.slot === null ? undefined : () => sent(turns, subscription.id, traffic, begun);
  try {
    const mayBegin = () => mayBeginNow(traffic, begun, turns.ports.clock.monotonicMs());
    const again = () => (mayBegin() ? nextOf(turns, item, subscriptionOf(turns, item)) : LEAVE);
    const done = await trySending(turns.ports, item, decision, turns.isolation, again, onItsWay).catch(
      // A bug of ours: the ticket stays in the store and the next full look finds it again.
      (error: unknown) => failed(turns, item, error),
    );
    if (done === null) return;
    if (done.kind !== 'turn') {
      setAside(turns, item, subscriptionOf(turns, item), done);
      return;
    }
    const { turn } = done;
    settleTurn(turns, item, subscription, turn);
    if (turn.tried === null) return;
    const ended = { ticket: item.ticket, url: config.url, profile: config.profile, tried: turn.tried };
    const turned = note(traffic, begun, ended, turns.ports.clock.monotonicMs());
    // Its limits may have changed since this try began.
    const { maxConcurrency } = subscriptionOf(turns, item)?.config ?? config;
    steer(turns, subscription.id, traffic, maxConcurrency);
    turns.hooks.tried(subscription, item, turn, turned);
  } finally {
    turns.known.tryEnds(item.ticket.place.shard);
    finish(turns.lineup, taken);
    pump(turns);
  }
}

function failed(turns: Turns, item: Item, error: unknown): null {
  turns.ports.log.error('delivery.failed', { deliveryId: item.ticket.deliveryId, error });
  drop(turns, item);
  return null;
}

/** A request under a rate limit is on its way: only now is it known when the next one may follow. */
function sent(turns: Turns, id: Id, traffic: Traffic, begun: Begun): void {
  const nowMs = turns.ports.clock.monotonicMs();
  arrived(traffic, begun, nowMs);
  const readyMs = nextStartMs(traffic, nowMs);
  holdUntil(turns.lineup, id, readyMs);
  pump(turns);
}

/** Lets the line-up know what pace and rate allow next. */
function steer(turns: Turns, id: Id, traffic: Traffic, cap: number): void {
  // Nothing limits it but its cap, which came with what was queued.
  if (traffic.rate === null && !isRecovering(traffic.pace)) return;
  limit(turns, id, traffic, cap);
}

/** The same, whatever held before. */
export function limit(turns: Turns, id: Id, traffic: Traffic, cap: number): void {
  const nowMs = turns.ports.clock.monotonicMs();
  setCap(turns.lineup, id, window(traffic.pace, cap));
  const readyMs = nextStartMs(traffic, nowMs);
  holdUntil(turns.lineup, id, readyMs);
}

/** Settles a turn and counts it. */
function settleTurn(turns: Turns, item: Item, subscription: LiveSubscription | undefined, turn: Turn): void {
  const isCounted = subscription !== undefined && turns.hooks.counts(item.ticket.place.shard);
  const health = isCounted ? turns.book.after(subscription, turn.settlement) : null;
  if (subscription !== undefined && health !== null) turns.settling.noteHealth(subscription.id, health);
  settle(turns, item, turn);
  if (subscription !== undefined && health !== null) turns.hooks.counted(subscription);
}

function settle(turns: Turns, item: Item, turn: Turn): void {
  turns.settling.add(turn.settlement, (outcome) => {
    forget(turns, item);
    if (turns.stalled && turns.settling.pending() < MAX_UNSETTLED / 2) {
      turns.stalled = false;
      pump(turns);
    }
    if (outcome.kind === 'settled') report(turns.ports, item.event, turn);
    else lost(turns, item);
    turns.hooks.left(item, turn.settlement, outcome);
  });
}

function lost(turns: Turns, { ticket }: Item): void {
  turns.ports.metrics.count('settles_lost_total');
  turns.ports.log.warn('settle.lost', { deliveryId: ticket.deliveryId, attempt: ticket.n + 1 });
}

function forget(turns: Turns, { ticket }: Item): void {
  turns.known.delete(ticket);
  turns.withdrawn.delete(ticket.deliveryId);
}

/** Forgets an item that stays where the store has it. */
export function drop(turns: Turns, item: Item): void {
  forget(turns, item);
  turns.hooks.left(item, null, null);
}
