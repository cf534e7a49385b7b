/** A store that is away for now, which is no bug: callers of the port tell it by the `code` of the error. */
export const STORE_UNAVAILABLE = 'STORE_UNAVAILABLE';

export type StoreAway = Error & { code: typeof STORE_UNAVAILABLE };

/** The error of a store that is away. @param cause what went wrong, where that is known */
export function storeAway(message: string, cause?: unknown): StoreAway {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  return Object.assign(error, { code: STORE_UNAVAILABLE } as const);
}

/** Whether what was thrown says that the store is away, in whatever adapter it was thrown. */
export function isStoreAway(error: unknown): error is StoreAway {
  return error instanceof Error && 'code' in error && error.code === STORE_UNAVAILABLE;
}
