/** The ground every measurement stands on: generator, sink, and a fresh data directory for each start. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import type { Load } from './load.ts';
import type { Sink } from './sink.ts';
import { type Subject, type SubjectName, startSubject, subscribe } from './subject.ts';

/** The processes around every subject; the same ones for all, so that they are equally warm. */
export interface Yard {
  load: Child<Load>;
  sink: Child<Sink>;
  receiverPort: number;
}

/** Connections to the receiver; Hookyard's subscription gets the same number as `maxConcurrency`. */
export const RECEIVER_CONNECTIONS = 64;

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

/** Runs `work` with a subject on a fresh directory that delivers to the sink, and stops it afterwards. */
export function withSubject<Result>(
  name: SubjectName,
  yard: Yard,
  work: (subject: Subject) => Promise<Result>,
  nodeFlags: readonly string[] = [],
): Promise<Result> {
  return withDirectory(async (dataDirectory) => {
    const { receiverPort } = yard;
    const subject = await startSubject(name, {
      receiverPort,
      dataDirectory,
      connections: RECEIVER_CONNECTIONS,
      nodeFlags,
    });
    try {
      if (name === 'hookyard') await subscribe(subject, receiverPort, RECEIVER_CONNECTIONS);
      return await work(subject);
    } finally {
      await subject.stop();
    }
  });
}
