/** Waiting until what was accepted has arrived, or does not arrive any more. */
import { setTimeout as pause } from 'node:timers/promises';

/** Without any progress for this long, what is missing is lost: long, as a try that failed is only repeated later. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;

/** Looks until every count has reached `wanted`, or none has moved for long; returns the last look. */
export async function rest<Counts extends Record<string, number>>(
  wanted: number,
  look: () => Promise<Counts>,
  everyMs: number = LOOK_MS,
): Promise<Counts> {
  let last = await look();
  let movedMs = performance.now();
  while (Math.min(...Object.values(last)) < wanted && performance.now() - movedMs < PATIENCE_MS) {
    await pause(everyMs);
    const now = await look();
    if (Object.entries(now).some(([name, count]) => count > (last[name] ?? 0))) movedMs = performance.now();
    last = now;
  }
  return last;
}
