/** Several processes on one store, as the contract of neighbours sees them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Id } from '../../src/core/ids.ts';
import type { Attendance, Neighbours, Store } from '../../src/ports/store.ts';
import { eventually } from '../support/eventually.ts';

/** One process on the store. */
export interface Process {
  store: Store;
  neighbours: Neighbours;
  /** Ends it like a killed process. */
  crash(): Promise<void>;
  /** Loses the connection that tells others of its life. */
  cut(): void;
}

export interface ProcessesUnderTest {
  start(): Promise<Process>;
  /** Moves engine time forward by `ms`. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens an empty store for several processes; 4 shards unless told otherwise. */
export type OpenProcesses = (options?: { shards?: number }) => Promise<ProcessesUnderTest>;

/** Two processes, and a third when one is needed. */
export interface Street {
  a: Process;
  b: Process;
  start(): Promise<Process>;
  advance(ms: number): Promise<void>;
}

/** One sentence of the contract, proved on a fresh store. */
export type StreetSentence = (
  sentence: string,
  prove: (street: Street) => Promise<void>,
  options?: { shards?: number },
) => void;

/** Runs chapters against the stores that `open` yields. */
export function describeStreets(
  name: string,
  open: OpenProcesses,
  chapters: Readonly<Record<string, (sentence: StreetSentence) => void>>,
): void {
  for (const [title, chapter] of Object.entries(chapters)) {
    void describe(`${name} store: ${title}`, () => chapter(sentenceOn(open)));
  }
}

function sentenceOn(open: OpenProcesses): StreetSentence {
  return (sentence, prove, options) => {
    void test(sentence, async () => {
      const under = await open(options);
      try {
        const [a, b] = [await under.start(), await under.start()];
        await prove({ a, b, start: under.start, advance: under.advance });
      } finally {
        await under.close();
      }
    });
  };
}

/** The neighbours of a store that has some. */
export function neighboursOf({ neighbours }: Store): Neighbours {
  assert.ok(neighbours);
  return neighbours;
}

export const TTL_MS = 10_000;

export function attends({ neighbours }: Process, owner: Id): Promise<Attendance> {
  return neighbours.attend(owner, TTL_MS);
}

/** Attends until `owner` is silent; how fast the store learns of it is its own affair. */
export function seenSilent(process: Process, as: Id, owner: Id): Promise<Attendance> {
  return eventually(`${owner} to be silent`, async () => {
    const attendance = await attends(process, as);
    return attendance.silent.includes(owner) ? attendance : null;
  });
}
