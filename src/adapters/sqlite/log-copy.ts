/**
 * Copying the log into the database beside the writer. Measured: after four seconds of 900 events a second it takes
 * 20 ms, and whoever asks the writer meanwhile waits as long. So the query thread copies, as it may while others write,
 * and the writer is left with what has come in since; only with that copied too the log begins anew.
 */
import type { Call, OperationName } from './operations.ts';

export interface LogCopy {
  /** A batch was committed. @param nowMs monotonic time */
  committed(batch: readonly Call[], nowMs: number): void;
}

/** Between the beginning of one copy and that of the next. */
const EVERY_MS = 1000;

/** True for what adds to the log with each event, receipt or try; the others write little or nothing. */
const FILLS: Readonly<Record<OperationName, boolean>> = {
  append: true,
  appendAll: true,
  redeliver: true,
  recordReceipt: true,
  reviseReceipt: true,
  remember: true,
  settle: true,
  settleTask: true,
  configure: true,
  maintain: true,
  copyLog: false,
  touchKeys: false,
  lease: false,
  renew: false,
  release: false,
  intend: false,
  setLane: false,
  closeLane: false,
  claim: false,
  lanes: false,
  laneRun: false,
  laneHeads: false,
  claimTasks: false,
};

/**
 * @param beside copies as much as can be copied beside the writer
 * @param rest has the writer copy the rest
 */
export function createLogCopy(beside: () => Promise<unknown>, rest: () => Promise<unknown>): LogCopy {
  let running = false;
  let nextAtMs = 0;
  const end = () => {
    running = false;
  };
  return {
    committed(batch, nowMs) {
      if (running || nowMs < nextAtMs || !batch.some(([name]) => FILLS[name])) return;
      running = true;
      nextAtMs = nowMs + EVERY_MS;
      // A thread that dies meanwhile is reported elsewhere, and the writer copies by itself what grows too long.
      beside().then(rest).then(end, end);
    },
  };
}
