/** Making an operation again whose answer was lost with its connection, so that nobody knows whether it was committed. */
import type { Times } from './roads.ts';
import { asStoreError, isAway } from './unavailable.ts';

/** After these the caller learns that the database is away. */
const MAX_REPEATS = 2;
const PAUSE_MS = 100;

/** An operation's tries, and the time it has for all of them. */
export interface Patience {
  /** Before this one. */
  repeats: number;
  /** Of `performance.now()`. */
  untilMs: number;
}

/** The patience of an operation that begins now. */
export function patienceOf({ operationMs }: Pick<Times, 'operationMs'>): Patience {
  return { repeats: 0, untilMs: performance.now() + operationMs };
}

/** What is left of it. */
export function leftMs({ untilMs }: Patience): number {
  return untilMs - performance.now();
}

/** Whether a try may begin: connecting alone may take as long as that. */
export function hasTime(patience: Patience, { connectMs }: Pick<Times, 'connectMs'>): boolean {
  return leftMs(patience) >= connectMs;
}

/** That of the next try; null when this was the last one. */
export function nextTry(patience: Patience, times: Pick<Times, 'connectMs'>): Patience | null {
  if (patience.repeats === MAX_REPEATS || !hasTime(patience, times)) return null;
  return { ...patience, repeats: patience.repeats + 1 };
}

/** Waits before the n-th repetition. */
export async function pauseBefore(repeats: number): Promise<void> {
  if (repeats > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * repeats));
}

/** Runs an operation until its answer comes. `repeated`: it may have been committed before. */
export async function repeating<T>(
  times: Pick<Times, 'connectMs' | 'operationMs'>,
  operation: (repeated: boolean, withinMs: number) => Promise<T>,
): Promise<T> {
  for (let patience = patienceOf(times); ; ) {
    try {
      await pauseBefore(patience.repeats);
      return await operation(patience.repeats > 0, leftMs(patience));
    } catch (error) {
      const next = isAway(error) ? nextTry(patience, times) : null;
      if (next === null) throw asStoreError(error);
      patience = next;
    }
  }
}

/** An operation that may not be made twice: its failure is told as callers of the port know it. */
export async function once<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw asStoreError(error);
  }
}
