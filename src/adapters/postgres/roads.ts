/** What connections are kept for, so that nothing waits for what may take long or stands in another line. */

/**
 * `append`: events and receipts. `settle`: outcomes, one by one. `work`: what dispatch and ingest cannot do without:
 * claims, lanes, configuration, keys. `query`: lists and changes for people. `install`: making the database ready.
 */
export type Road = 'append' | 'settle' | 'work' | 'query' | 'install';

/** How long is waited for a database. */
export interface Times {
  /** For a new connection, or one of ours that is free. */
  connectMs: number;
  /** For a statement that seeks: the server ends it then. */
  seekMs: number;
  /** For one that reads a page of a list, or changes a configuration. */
  readMs: number;
  /** For all that makes the database ready at a start, with the wait for other nodes that do; and for one statement. */
  installMs: number;
  /** What a piece of work may take above its longest statement before its connection is given up: a server that stands
   * still ends nothing. */
  graceMs: number;
  /** For an operation with all its repetitions. */
  operationMs: number;
  /** A node that stands still inside a transaction loses it, with the locks that others wait for. */
  idleInTransactionMs: number;
  /** For an answer on the line that says that a node lives, connecting included. */
  answerMs: number;
}

export const TIMES: Times = {
  connectMs: 3_000,
  seekMs: 5_000,
  readMs: 15_000,
  installMs: 30 * 60_000,
  graceMs: 1_000,
  operationMs: 10_000,
  idleInTransactionMs: 3_000,
  /** Less than a lease has left when it is to be renewed. */
  answerMs: 3_000,
};

interface Terms {
  /** At most. */
  connections: number;
  /** How long one statement may take. */
  statementMs(times: Times): number;
}

const seeking = (times: Times) => times.seekMs;
const reading = (times: Times) => times.readMs;

export const ROADS: Readonly<Record<Road, Terms>> = {
  /** While one batch commits the next is written. */
  append: { connections: 2, statementMs: seeking },
  /** One, so that settles are made in the order they were asked for. */
  settle: { connections: 1, statementMs: seeking },
  work: { connections: 2, statementMs: seeking },
  query: { connections: 4, statementMs: reading },
  /** Gone when the node has started. */
  install: { connections: 1, statementMs: ({ installMs }) => installMs },
};

/**
 * What a node takes of the server's `max_connections`: those of its roads once it has started, and a line of its own
 * that says that it lives and hears the others.
 */
export const CONNECTIONS_PER_NODE = 10;
