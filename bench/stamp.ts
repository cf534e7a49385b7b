/**
 * When an event was sent, written into the event itself, so that its receiver can tell how long it was on its way. The
 * clock is the machine's monotonic one, which all processes of a machine share.
 */

const MARK = Buffer.from('"sentUs":"');
/** Microseconds of 300 years. */
const DIGITS = 16;

/** The value of the field `sentUs` in a request that is yet to be sent. */
export const NO_STAMP = '0'.repeat(DIGITS);

/** Microseconds since the machine started. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Where a message's stamp stands; null when it has no place for one. */
export function stampPlace(message: Buffer): number | null {
  const at = message.indexOf(MARK);
  return at === -1 ? null : at + MARK.length;
}

/** A copy of the request with this stamp: the socket may still be sending the one before. */
export function stamped(request: Buffer, place: number, sentUs: number): Buffer {
  const copy = Buffer.from(request);
  copy.write(`${sentUs}`.padStart(DIGITS, '0'), place, 'latin1');
  return copy;
}

/** The stamp of a message as it arrived; null when it has none. */
export function stampOf(message: Buffer): number | null {
  const place = stampPlace(message);
  if (place === null) return null;
  const sentUs = Number(message.toString('latin1', place, place + DIGITS));
  return sentUs > 0 ? sentUs : null;
}
