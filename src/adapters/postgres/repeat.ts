/** Making an operation again whose answer was lost with its connection, so that nobody knows whether it was committed. */
import { asStoreError, isAway } from './unavailable.ts';

/** After these the caller learns that the database is away. */
export const MAX_REPEATS = 2;
const PAUSE_MS = 100;

/** Waits before the n-th repetition. */
export async function pauseBefore(repeats: number): Promise<void> {
  if (repeats > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * repeats));
}

/** Runs an operation until its answer comes. `repeated`: it may have been committed before. */
export async function repeating<T>(operation: (repeated: boolean) => Promise<T>): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    try {
      await pauseBefore(repeats);
      return await operation(repeats > 0);
    } catch (error) {
      if (!isAway(error) || repeats === MAX_REPEATS) throw asStoreError(error);
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
