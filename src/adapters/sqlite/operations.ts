/** What the writer thread can do. Each runs inside the transaction of its turn. */
import { append, redeliver } from './append.ts';
import { appendAll } from './append-all.ts';
import { remember } from './claims.ts';
import { configure } from './configuration.ts';
import { touchKeys } from './keys.ts';
import { claim, closeLane, laneHeads, laneRun, lanes, setLane } from './lanes.ts';
import { lease, release, renew } from './leases.ts';
import { maintain } from './maintain.ts';
import { recordReceipt } from './receipts.ts';
import { reviseReceipt } from './revise.ts';
import { intend, settle } from './settle.ts';
import { claimTasks, settleTask } from './tasks.ts';

export const operations = {
  append,
  appendAll,
  redeliver,
  recordReceipt,
  reviseReceipt,
  remember,
  configure,
  touchKeys,
  lease,
  renew,
  release,
  claim,
  settle,
  intend,
  lanes,
  setLane,
  closeLane,
  laneRun,
  laneHeads,
  claimTasks,
  settleTask,
  maintain,
  /** Nothing within a turn: the writer copies the log after it. */
  copyLog: () => null,
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;

/** One operation on its way to the writer. `repeated`: it may have been committed already. */
export type Call = readonly [name: OperationName, input: unknown, repeated: boolean];
