/** Whose turn it is: a class, in it a tenant by deficit round robin, of it the next subscription. */
import { append } from '../chain.ts';
import { easeOne } from './kept-back.ts';
import type { Class, Entry, Lineup, Queue } from './lineup.ts';
import { isKeptBack } from './share.ts';
import { place } from './standing.ts';

/** While both classes wait, this many turns go to first tries for one to a retry. */
const FIRSTS_PER_RETRY = 3;
/** While the other class waits too, the part of the places in flight a class may hold. */
const CLASS_SHARE = 3 / 4;
/** A body counts as one turn more for each of these, so that large ones do not crowd others out. */
const BYTES_PER_TURN = 65_536;

/**
 * The queue whose turn it is, or null when nothing may start. The same one until `pay`, unless it may not start any
 * more or the share of its class is used up.
 */
export function nextQueue<Item>(lineup: Lineup<Item>): Queue<Item> | null {
  for (;;) {
    const queue = frontQueue(nextClass(lineup));
    if (queue === null) {
      if (!easeOne(lineup)) return null;
    } else if (isKeptBack(lineup, queue.subscriber)) place(lineup, queue.subscriber);
    else return queue;
  }
}

/** Takes the price of a queue's first item from its tenant and sends both to the end of their rings. */
export function pay<Item>(lineup: Lineup<Item>, queue: Queue<Item>, entry: Entry<Item>): void {
  const { firsts, retries } = lineup;
  const ofClass = entry.retry ? retries : firsts;
  if (firsts.turns.head !== null && retries.turns.head !== null) {
    if (entry.retry) lineup.firstsInRow = 0;
    else if (lineup.firstsInRow < FIRSTS_PER_RETRY) lineup.firstsInRow++;
  }
  const turn = entry.retry ? queue.subscriber.tenant?.retries : queue.subscriber.tenant?.firsts;
  if (turn === undefined) return;
  turn.credit += 1 - priceOf(entry);
  append(turn.queues, queue);
  append(ofClass.turns, turn);
}

function nextClass<Item>(lineup: Lineup<Item>): Class<Item> {
  const { firsts, retries, limits } = lineup;
  if (retries.turns.head === null) return firsts;
  if (firsts.turns.head === null) return retries;
  const share = Math.max(1, Math.floor(limits.maxInFlight * CLASS_SHARE));
  const firstsFull = firsts.young >= share;
  if (firstsFull !== retries.young >= share) return firstsFull ? retries : firsts;
  return lineup.firstsInRow < FIRSTS_PER_RETRY ? firsts : retries;
}

/**
 * Each tenant passed over is paid one turn, so that the work is the price of what is sent, spread over the tenants that
 * wait.
 */
function frontQueue<Item>({ turns }: Class<Item>): Queue<Item> | null {
  for (;;) {
    const turn = turns.head;
    const queue = turn?.queues.head ?? null;
    const first = queue?.items.head ?? null;
    if (turn === null || first === null) return null;
    if (turn.credit + 1 >= priceOf(first.entry)) return queue;
    turn.credit++;
    append(turns, turn);
  }
}

function priceOf({ bytes }: Entry<unknown>): number {
  return 1 + Math.floor(bytes / BYTES_PER_TURN);
}
