/**
 * The number at the end of an event's type, so that one request serves any number of subscriptions: each wants the type
 * of its own number, and each sending of the request carries the next.
 */

const MARK = 'bench.n';
const DIGITS = 7;

/** The event type of that number. */
export function numberedType(nth: number): string {
  return `${MARK}${`${nth}`.padStart(DIGITS, '0')}`;
}

/** Where a message's number stands; null when it has none. */
export function turnPlace(message: Buffer): number | null {
  const at = message.indexOf(`"${MARK}`);
  return at === -1 ? null : at + 1 + MARK.length;
}

/** Writes the number into a message that nobody else holds. */
export function takeTurn(message: Buffer, place: number, nth: number): void {
  message.write(`${nth}`.padStart(DIGITS, '0'), place, 'latin1');
}
