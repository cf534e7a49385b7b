/** What the passing of time does to a line-up: tries turn slow, holds end, records of the idle go. */
import { unlink } from '../chain.ts';
import { add, nextAtMs, takeDue } from '../timeline.ts';
import { easeSome } from './kept-back.ts';
import type { Lineup, Taken } from './lineup.ts';
import { countedBytes } from './share.ts';
import { forgetIdle, place, standingOf } from './standing.ts';

/** Brings a line-up to a time. Earlier than one heard of before changes nothing. */
export function passTo<Item>(lineup: Lineup<Item>, nowMs: number): void {
  if (nowMs > lineup.nowMs) lineup.nowMs = nowMs;
  age(lineup);
  endHolds(lineup);
  letLeave(lineup);
  easeSome(lineup);
}

/** When the next try in flight turns slow; null when none will. */
export function nextSlowMs({ young, limits }: Lineup<unknown>): number | null {
  return young.head === null ? null : young.head.startedAtMs + limits.slowAfterMs;
}

/** When the first hold ends that alone keeps a subscription back; null when there is none. */
export function nextHoldEndMs<Item>(lineup: Lineup<Item>): number | null {
  for (;;) {
    const atMs = nextAtMs(lineup.holds);
    const subscriber = atMs === null ? undefined : takeDue(lineup.holds, atMs);
    if (atMs === null || subscriber === undefined) return null;
    if (subscriber.armedAtMs !== atMs) continue;
    if (subscriber.notBeforeMs === atMs && standingOf(lineup, subscriber) === 'held') {
      add(lineup.holds, atMs, subscriber);
      return atMs;
    }
    subscriber.armedAtMs = Number.POSITIVE_INFINITY;
    place(lineup, subscriber);
  }
}

/** Tries start in the order of time, so that those in front of `young` turn slow first. */
function age<Item>(lineup: Lineup<Item>): void {
  for (let next = lineup.young.head; next !== null; next = lineup.young.head) {
    if (next.startedAtMs + lineup.limits.slowAfterMs > lineup.nowMs) return;
    turnSlow(lineup, next);
  }
}

function turnSlow<Item>(lineup: Lineup<Item>, taken: Taken<Item>): void {
  const { entry, subscriber } = taken;
  unlink(taken);
  taken.phase = 'slow';
  (entry.retry ? lineup.retries : lineup.firsts).young--;
  lineup.slow++;
  lineup.youngBytes -= countedBytes(entry);
  lineup.slowBytes += countedBytes(entry);
  subscriber.slow++;
}

function endHolds<Item>(lineup: Lineup<Item>): void {
  for (;;) {
    const subscriber = takeDue(lineup.holds, lineup.nowMs);
    if (subscriber === undefined) return;
    if (subscriber.armedAtMs > lineup.nowMs) continue;
    subscriber.armedAtMs = Number.POSITIVE_INFINITY;
    place(lineup, subscriber);
  }
}

function letLeave<Item>(lineup: Lineup<Item>): void {
  for (;;) {
    const subscriber = takeDue(lineup.leavers, lineup.nowMs);
    if (subscriber === undefined) return;
    subscriber.leaving = false;
    forgetIdle(lineup, subscriber);
  }
}
