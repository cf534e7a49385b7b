/** The ground every measurement stands on: generator, sink, and a fresh data directory for each start. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import type { Load } from './load.ts';
import { type MeasuredPostgres, withPostgres } from './postgres.ts';
import type { Sink } from './sink.ts';
import { type Subject, type SubjectName, type SubjectOptions, startSubject, subscribe } from './subject.ts';

/** The processes around every subject; the same ones for all, so that they are equally warm. */
export interface Yard {
  load: Child<Load>;
  sink: Child<Sink>;
  receiverPort: number;
}

/** Connections to the receiver; Hookyard's subscription gets the same number as `maxConcurrency`. */
export const RECEIVER_CONNECTIONS = 64;

/** Where a subject keeps things. */
export const STORES = ['sqlite', 'postgres'] as const;
export type StoreName = (typeof STORES)[number];

/** How a subject is started. */
export interface Footing {
  store?: StoreName;
  /** Flags of Node itself. */
  nodeFlags?: readonly string[];
}

/** Runs `work` with a generator and a sink, which end with it. */
export async function withYard<Result>(work: (yard: Yard) => Promise<Result>): Promise<Result> {
  const load = startChild<Load>(new URL('./load.ts', import.meta.url));
  const sink = startChild<Sink>(new URL('./sink.ts', import.meta.url));
  try {
    return await work({ load, sink, receiverPort: await sink.ask('listen') });
  } finally {
    load.end();
    sink.end();
  }
}

/** Runs `work` with a directory on the machine's temporary disk, which goes with it. */
export async function withDirectory<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs `work` with a fresh PostgreSQL, or with null where the subject has a database of its own. */
export function withStore<Result>(
  store: StoreName,
  work: (postgres: MeasuredPostgres | null) => Promise<Result>,
): Promise<Result> {
  return store === 'sqlite' ? work(null) : withPostgres(work);
}

/** Runs `work` with a subject on a fresh database that delivers to the sink, and stops it afterwards. */
export function withSubject<Result>(
  name: SubjectName,
  yard: Yard,
  work: (subject: Subject) => Promise<Result>,
  { nodeFlags = [], store = 'sqlite' }: Footing = {},
): Promise<Result> {
  const run = (dataDirectory: string, postgres: MeasuredPostgres | null) => {
    const { receiverPort } = yard;
    const at = { receiverPort, dataDirectory, postgres, connections: RECEIVER_CONNECTIONS, nodeFlags };
    return withStarted(name, at, work);
  };
  return withStore(store, (postgres) => withDirectory((directory) => run(directory, postgres)));
}

async function withStarted<Result>(
  name: SubjectName,
  options: SubjectOptions,
  work: (subject: Subject) => Promise<Result>,
): Promise<Result> {
  const subject = await startSubject(name, options);
  try {
    if (name === 'hookyard') await subscribe(subject, options.receiverPort, RECEIVER_CONNECTIONS);
    return await work(subject);
  } finally {
    await subject.stop();
  }
}
