/** A store that is away for now, and not a bug: whoever asked may ask again. */

/** The `code` of the error that every method of the store rejects with while it is away. */
export const STORE_UNAVAILABLE = 'STORE_UNAVAILABLE';

/** The error of a store that is away. @param cause what went wrong, where something was thrown */
export function storeAway(message: string, cause?: unknown): Error {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  return Object.assign(error, { code: STORE_UNAVAILABLE });
}

/** Whether an error says that the store is away. */
export function isStoreAway(error: unknown): error is Error & { code: typeof STORE_UNAVAILABLE } {
  return error instanceof Error && 'code' in error && error.code === STORE_UNAVAILABLE;
}
