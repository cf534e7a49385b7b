/** How callers of the port tell a store that is away for now from a bug: by this `code` of the error. */
export const STORE_UNAVAILABLE = 'STORE_UNAVAILABLE';

/** The error of a store that is away, for callers of the port. */
export function unavailable(message: string, cause?: unknown): Error {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  return Object.assign(error, { code: STORE_UNAVAILABLE });
}
