/** How many requests are being answered, and what is said to those beyond the limit. */
import { problem } from '../core/problem.ts';
import type { ReadBytes } from './body.ts';

export interface Load {
  /** Requests being answered now; those whose body is still on its way are not among them. */
  inFlight: number;
  readonly maxInFlight: number;
}

/** The refusal of a request beyond the limit. */
export const OVERLOADED = problem('overloaded', { retryAfterSeconds: 1 });

/** Whether another request would be one too many. */
export function isFull({ inFlight, maxInFlight }: Load): boolean {
  return inFlight >= maxInFlight;
}

/**
 * Reads the body of a counted request without counting it meanwhile: bodies take as long as their senders like, and a
 * few thousand slow ones would shut everybody out. What has been read is taken only where there is room again.
 */
export async function readUncounted(load: Load, read: () => Promise<ReadBytes>): Promise<ReadBytes> {
  load.inFlight--;
  try {
    const body = await read();
    return body.kind === 'bytes' && isFull(load) ? OVERLOADED : body;
  } finally {
    load.inFlight++;
  }
}
