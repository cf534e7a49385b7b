/**
 * One connection of a process that stays open: what holds as long as the process lives is held by it. When it is lost,
 * whatever needs it next makes another.
 */
import { Client } from 'pg';
import { storeAway } from '../../core/store-away.ts';
import { TIMES } from './roads.ts';
import { type Session, sessionOn } from './session.ts';
import { asUnavailable, isAway } from './unavailable.ts';
import { RECEIVED } from './values.ts';

export interface LineOptions {
  /** `postgres://…` */
  url: string;
  /** Milliseconds that are added to the server's clock. */
  clockOffsetMs: () => number;
  /** How long is waited for an answer, connecting included; 3 s unless told. */
  answerMs?: number;
  /** Called when it is lost while nothing is asked on it. */
  onLost(error: Error): void;
  /** Called whenever there is no connection any more, whoever finds out: what it held is gone. */
  gone(): void;
  /** Sets up each new connection, before anything else is asked on it. */
  begin(session: Session): Promise<void>;
  /** Called with what another process told. */
  heard(payload: string): void;
}

export interface Line {
  /**
   * Runs `work`, a statement or several, each its own transaction.
   * @throws when there is no answer in time
   */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Whether there is a connection, or one is being made. */
  isOpen(): boolean;
  /** Drops the connection as it is. */
  cut(): void;
  /** Ends the connection; there will be no other. */
  close(): Promise<void>;
  /** The same, as a killed process would. */
  crash(): void;
}

/** A statement that waits is ended by the server before that: without its line the owner would be silent. */
const statementMs = (answerMs: number) => Math.round((answerMs * 2) / 3);
/** Nothing else tells of a server's host that is lost while nothing is asked. */
const KEEPALIVE_MS = 2_000;

interface Open {
  client: Client;
  ready: Promise<Session>;
}

/** A line that is made when it is first used. */
export function openLine(options: LineOptions): Line {
  const { answerMs = TIMES.answerMs } = options;
  let current: Open | null = null;
  let over = false;

  function drop(open: Open): void {
    open.client.connection.stream.destroy();
    if (current !== open) return;
    current = null;
    options.gone();
  }
  function open(): Open {
    const client = new Client({
      connectionString: options.url,
      types: RECEIVED,
      application_name: 'hookyard line',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_MS,
    });
    const made: Open = { client, ready: begun(client, { ...options, answerMs }) };
    // Without a listener, a connection that is lost would be an uncaught error; what is asked on it fails anyway.
    client.on('error', (error) => {
      if (current !== made) return;
      drop(made);
      options.onLost(error);
    });
    made.ready.catch(() => drop(made));
    return made;
  }

  const cut = () => current?.client.connection.stream.destroy();

  return {
    use: async (work) => {
      if (over) throw storeAway('the store is closed');
      current ??= open();
      const used = current;
      try {
        return await answered(used.ready.then(work), answerMs);
      } catch (error) {
        if (!isOfStatement(error)) drop(used);
        throw error;
      }
    },
    isOpen: () => current !== null,
    cut,
    crash: () => {
      over = true;
      cut();
    },
    close: async () => {
      over = true;
      if (current === null) return;
      const { client } = current;
      // A server that does not answer does not say goodbye either.
      await answered(client.end(), answerMs).catch(() => client.connection.stream.destroy());
      current = null;
    },
  };
}

async function begun(
  client: Client,
  { clockOffsetMs, answerMs, begin, heard }: Required<LineOptions>,
): Promise<Session> {
  try {
    await client.connect();
  } catch (error) {
    throw asUnavailable(error, 'no connection to the database');
  }
  const session = sessionOn(client, clockOffsetMs);
  await session.rows('open_connection', { statement_ms: statementMs(answerMs), idle_in_transaction_ms: answerMs });
  const line = await session.row<{ pid: number }>('open_line');
  client.on('notification', ({ processId, payload }) => {
    if (processId !== line?.pid) heard(payload ?? '');
  });
  await session.run('hear');
  await begin(session);
  return session;
}

async function answered<T>(answer: Promise<T>, withinMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(storeAway('the database did not answer in time')), withinMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** SQLSTATEs after which a connection is as good as before: a lock or a statement took too long. */
const OF_STATEMENT: ReadonlySet<unknown> = new Set(['55P03', '57014']);

function isOfStatement(error: unknown): boolean {
  return !isAway(error) || (error instanceof Error && 'code' in error && OF_STATEMENT.has(error.code));
}
