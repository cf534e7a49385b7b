/** Looking again at subscriptions that the share of the others kept back, in turn, a few at a time. */
import { append } from '../chain.ts';
import type { Lineup } from './lineup.ts';
import { isFull, isKeptBack } from './share.ts';
import { place } from './standing.ts';

/** Looked at while others stand ready, so that none waits for a pause of the others. */
const BESIDE_OTHERS = 4;
/** Looked at when nothing stands ready, so that a step costs the same however many are kept back. */
const AT_ONCE = 64;

/** Lets a few start again that may. */
export function easeSome<Item>(lineup: Lineup<Item>): void {
  if (!isFull(lineup)) ease(lineup, BESIDE_OTHERS, false);
}

/** Looks for one that may start; whether there is one now. `lineup.unseen` says whether some were not looked at. */
export function easeOne<Item>(lineup: Lineup<Item>): boolean {
  lineup.unseen = !ease(lineup, AT_ONCE, true);
  return stands(lineup);
}

/** Whether something stands ready. */
export function stands({ firsts, retries }: Lineup<unknown>): boolean {
  return firsts.turns.head !== null || retries.turns.head !== null;
}

/** Whether all were looked at, or one was found. Who is still kept back goes to the end. */
function ease<Item>(lineup: Lineup<Item>, atMost: number, untilOneStands: boolean): boolean {
  const { keptBack } = lineup;
  let firstLeft = null;
  for (let looks = 0; looks < atMost; looks++) {
    const subscriber = keptBack.head;
    if (subscriber === null || subscriber === firstLeft) return true;
    if (isKeptBack(lineup, subscriber)) {
      firstLeft ??= subscriber;
      append(keptBack, subscriber);
    } else {
      place(lineup, subscriber);
      if (untilOneStands && stands(lineup)) return true;
    }
  }
  return keptBack.head === firstLeft;
}
