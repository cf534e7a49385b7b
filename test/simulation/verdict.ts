/** What must be true of a simulation at set times, and when it is over. */
import { complain, type Delivery, type Records } from './record.ts';
import { LIMITS } from './waits.ts';

/**
 * A request that hangs when its receiver gets well ends within its timeout of 30 s; then a probe follows within a
 * minute, and what was parked begins to drain.
 */
export const RECOVERED_WITHIN_MS = 200_000;
/** What becomes ready soon after the receivers are well had time enough too. */
const READY_WITHIN_MS = 60_000;
/** A paused tenant's limits, an hour's probe: what is left to the end of the simulation. */
const SPARE_MS = 1_800_000;

/** Some time after the receivers are well: whatever could be tried was tried. */
export function checkRecovery(records: Records, healedAtMs: number): void {
  for (const delivery of records.deliveries.values()) {
    const { receiver, closes, lastBegunMs } = delivery;
    if (closes !== null || receiver.plan.rateLimit !== null || receiver.held !== null) continue;
    const heldUntilMs = receiver.heldUntilMs;
    if (Math.max(readyMs(delivery), heldUntilMs) > healedAtMs + READY_WITHIN_MS || lastBegunMs >= healedAtMs) continue;
    complain(records, delivery, `was not tried since its receiver was well again at ${healedAtMs / 1000} s`);
  }
}

function readyMs({ headSinceMs, notBeforeMs }: Delivery): number {
  return Math.max(headSinceMs, notBeforeMs);
}

/** By when everything has to be closed. */
export function stillOpenUntilMs(records: Records): number {
  let untilMs = records.nowMs();
  for (const { closes, notBeforeMs } of records.deliveries.values()) {
    if (closes === null) untilMs = Math.max(untilMs, notBeforeMs);
  }
  for (const { plan, open } of records.receivers.values()) {
    const { count, seconds } = plan.rateLimit ?? { count: 1, seconds: 0 };
    untilMs = Math.max(untilMs, records.nowMs() + (open * seconds * 1000) / count);
  }
  return untilMs + SPARE_MS;
}

/** When it is over: everything is closed, nothing was settled twice, and memory kept to its bounds. */
export function checkAfter(records: Records): void {
  for (const delivery of records.deliveries.values()) {
    const { closes, attempts, headSinceMs, notBeforeMs } = delivery;
    if (closes !== null) continue;
    complain(records, delivery, `is open after ${attempts} attempts, head since ${headSinceMs}, due at ${notBeforeMs}`);
  }
  if (records.lostSettles > records.cancels) {
    complain(
      records,
      null,
      `${records.lostSettles} settlements were lost, with ${records.cancels} cancelled deliveries`,
    );
  }
  const { perSubscription, spare } = LIMITS[records.scenario.limits];
  // From its lane a subscription gets half of its share besides what came straight to it, and one probe.
  const mostQueued = spare + records.receivers.size * (1.5 * perSubscription + 1);
  if (records.mostQueued > mostQueued)
    complain(records, null, `${records.mostQueued} were queued, ${mostQueued} may be`);
}
