/**
 * Where one HTTP/1.1 message ends and the next begins, by `content-length` alone. Generator and sink share two cores
 * with what they measure, so they read as little of a message as possible.
 */

const HEAD_END = Buffer.from('\r\n\r\n');
/** As undici and as Node's server write it. */
const LENGTH_HEADERS = ['\r\ncontent-length: ', '\r\nContent-Length: '].map((text) => Buffer.from(text));
const ZERO = 0x30;

/** Takes the chunks of one connection and calls `message` with each complete message, head and body. */
export function createFraming(message: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer | null = null;
  return (chunk) => {
    let bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    for (let length = messageLength(bytes); length <= bytes.length; length = messageLength(bytes)) {
      message(length === bytes.length ? bytes : bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    rest = bytes.length === 0 ? null : bytes;
  };
}

/** Bytes of the message that begins here; Infinity while its head is incomplete. */
function messageLength(bytes: Buffer): number {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return Number.POSITIVE_INFINITY;
  const [written, capitals] = LENGTH_HEADERS.map((name) => bytes.indexOf(name));
  const at = within(written, headEnd) ?? within(capitals, headEnd);
  if (at === null) throw new Error(`no content-length in ${bytes.toString('latin1', 0, headEnd)}`);
  return headEnd + HEAD_END.length + digits(bytes, at + (LENGTH_HEADERS[0]?.length ?? 0));
}

function within(at: number | undefined, headEnd: number): number | null {
  return at !== undefined && at !== -1 && at < headEnd ? at : null;
}

function digits(bytes: Buffer, from: number): number {
  let value = 0;
  for (let at = from; ; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
}
