/**
 * Where a subscription belongs: in its tenant's turns, or kept back by its cap, by the share of the others, or by a
 * time.
 */
import { append, unlink } from '../chain.ts';
import { add } from '../timeline.ts';
import { type Class, forget, type Lineup, type Queue, type Subscriber, type TenantTurn } from './lineup.ts';
import { isKeptBack } from './share.ts';

type Standing = 'idle' | 'keptBack' | 'held' | 'ready';

/** What keeps a subscription back now. `idle`: it has nothing to start, or its cap is reached. */
export function standingOf(lineup: Lineup<unknown>, subscriber: Subscriber<unknown>): Standing {
  if (subscriber.queued === 0 || subscriber.inFlight >= subscriber.cap) return 'idle';
  if (isKeptBack(lineup, subscriber)) return 'keptBack';
  return subscriber.notBeforeMs > lineup.nowMs ? 'held' : 'ready';
}

/** Puts a subscription where it belongs. To be called after every change to it. */
export function place<Item>(lineup: Lineup<Item>, subscriber: Subscriber<Item>): void {
  const standing = standingOf(lineup, subscriber);
  if (standing === 'keptBack') {
    if (subscriber.chain === null) append(lineup.keptBack, subscriber);
  } else unlink(subscriber);
  placeQueue(lineup, subscriber, subscriber.firsts, standing === 'ready');
  placeQueue(lineup, subscriber, subscriber.retries, standing === 'ready');
  if (standing === 'held') arm(lineup, subscriber);
  if (standing === 'idle') forgetIdle(lineup, subscriber);
}

function placeQueue<Item>(
  lineup: Lineup<Item>,
  { tenant }: Subscriber<Item>,
  queue: Queue<Item> | null,
  ready: boolean,
): void {
  if (queue === null || tenant === null) return;
  const stands = ready && queue.items.head !== null;
  if (stands === (queue.chain !== null)) return;
  const retry = queue === queue.subscriber.retries;
  const turn = retry ? tenant.retries : tenant.firsts;
  if (stands) stand(retry ? lineup.retries : lineup.firsts, turn, queue);
  else leave(turn, queue);
}

function stand<Item>(ofClass: Class<Item>, turn: TenantTurn<Item>, queue: Queue<Item>): void {
  append(turn.queues, queue);
  if (turn.chain === null) append(ofClass.turns, turn);
}

function leave<Item>(turn: TenantTurn<Item>, queue: Queue<Item>): void {
  unlink(queue);
  if (turn.queues.head === null) unlink(turn);
}

/**
 * Notes when a held subscription is to be looked at. An entry at an earlier time serves: it is renewed when it is due.
 */
function arm<Item>(lineup: Lineup<Item>, subscriber: Subscriber<Item>): void {
  const atMs = subscriber.notBeforeMs;
  if (atMs >= subscriber.armedAtMs) return;
  subscriber.armedAtMs = atMs;
  add(lineup.holds, atMs, subscriber);
}

/** Drops the record of a subscription with nothing queued and nothing in flight, once no hold needs it. */
export function forgetIdle<Item>(lineup: Lineup<Item>, subscriber: Subscriber<Item>): void {
  if (subscriber.queued > 0 || subscriber.inFlight > 0) return;
  if (lineup.subscribers.get(subscriber.id) !== subscriber) return;
  const untilMs = subscriber.notBeforeMs;
  if (untilMs <= lineup.nowMs) forget(lineup, subscriber);
  else if (!subscriber.leaving && untilMs < Number.POSITIVE_INFINITY) {
    subscriber.leaving = true;
    add(lineup.leavers, untilMs, subscriber);
  }
}
