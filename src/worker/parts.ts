/** The parts of a worker, as one record. */
import type { Dispatch } from '../ports.ts';
import type { Claims } from './claims.ts';
import type { Lanes } from './lane.ts';
import type { Looks } from './lane-looks.ts';
import type { News } from './lane-news.ts';
import type { Lately } from './lately.ts';
import type { Leases } from './leases.ts';
import type { Receivers } from './receivers.ts';
import type { Rounds } from './rounds.ts';
import type { Turns, WorkerPorts } from './turns.ts';

export interface Parts {
  readonly ports: WorkerPorts;
  readonly turns: Turns;
  readonly claims: Claims;
  readonly news: News;
  readonly lately: Lately;
  readonly lanes: Lanes;
  readonly looks: Looks;
  readonly receivers: Receivers;
  readonly leases: Leases;
  readonly rounds: Rounds;
  /** What is handed over to this worker. */
  readonly dispatch: Dispatch;
  /** The same for what the worker itself makes: the other processes are told. */
  readonly told: Dispatch;
  /** Shards that others put something into since the last round. */
  readonly hinted: Set<number>;
  lastBeatMs: number | null;
  /** Tasks that are running. */
  tasks: Promise<void> | null;
  tasksAtMs: number;
  healthAtMs: number;
}
