/** Which operations may be made again when their answer was lost with the writer thread. */
import type { Call, OperationName } from './operations.ts';

/**
 * True where the stored id, or the state reached, tells a repetition from a new request. The others are refused with
 * an error: a lease or an intent made twice would mean something else, and a read is cheap to ask for again.
 */
const REPEATABLE: Readonly<Record<OperationName, boolean>> = {
  append: true,
  appendAll: true,
  redeliver: true,
  recordReceipt: true,
  reviseReceipt: true,
  remember: true,
  settle: true,
  settleTask: true,
  setLane: true,
  touchKeys: true,
  maintain: true,
  copyLog: false,
  renew: true,
  release: true,
  configure: false,
  lease: false,
  intend: false,
  closeLane: true,
  claim: false,
  lanes: false,
  laneRun: false,
  laneHeads: false,
  claimTasks: false,
};

/** The call to make again, null when it may not be. */
export function repeat([name, input]: Call): Call | null {
  return REPEATABLE[name] ? [name, input, true] : null;
}
