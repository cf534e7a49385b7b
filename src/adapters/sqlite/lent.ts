/** Large bodies on their way to the writer: copied once and handed over, where cloning would copy each three times. */
import type { Call } from './operations.ts';
import type { ReceiptPacket } from './receipts.ts';

/** Bodies beyond this are handed over. */
const LARGE_BYTES = 64 * 1024;

export interface Lent {
  calls: readonly Call[];
  /** What goes to the thread with the message, and is empty here after it. */
  transfer: readonly ArrayBuffer[];
}

/** A batch as it is sent. Who made its calls keeps what it has: a batch that is lost is sent again. */
export function lent(calls: readonly Call[]): Lent {
  if (!calls.some((call) => largeBody(call) !== null)) return { calls, transfer: [] };
  const transfer: ArrayBuffer[] = [];
  const withCopy = (call: Call): Call => {
    const large = largeBody(call);
    if (large === null) return call;
    const [name, input, repeated] = call;
    const packet = input as ReceiptPacket;
    const body = new Uint8Array(large);
    transfer.push(body.buffer);
    return [name, { ...packet, receipt: { ...packet.receipt, body } } satisfies ReceiptPacket, repeated];
  };
  return { calls: calls.map(withCopy), transfer };
}

/** The body that a call brings with it, if it is a large one. */
export function largeBody([name, input]: Call): Uint8Array | null {
  if (name !== 'recordReceipt') return null;
  const { body } = (input as ReceiptPacket).receipt;
  return body.length > LARGE_BYTES ? body : null;
}
