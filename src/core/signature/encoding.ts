/** Bytes and text, without `Buffer`, so that the signature modules run in any JavaScript runtime. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const HEX_TEXT = /^(?:[0-9a-fA-F]{2})*$/;
const BASE64_TEXT = /^[A-Za-z0-9+/]*={0,2}$/;

const encoder = new TextEncoder();

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The bytes a header value had on the wire: HTTP parsers hand them out one character per byte (RFC 9110 §5.5).
 * null when a character cannot have come from one byte.
 */
export function wireBytes(headerValue: string): Uint8Array | null {
  const bytes = new Uint8Array(headerValue.length);
  for (let index = 0; index < headerValue.length; index++) {
    const code = headerValue.charCodeAt(index);
    if (code > 0xff) return null;
    bytes[index] = code;
  }
  return bytes;
}

/** The other way round: a text as a header's value that HTTP parsers hand out, one character for each byte of UTF-8. */
export function wireText(text: string): string {
  return Array.from(utf8(text), (byte) => String.fromCharCode(byte)).join('');
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Bytes of a hex text in either case; null when it is no hex. */
export function fromHex(text: string): Uint8Array | null {
  if (!HEX_TEXT.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

/** Standard base64 with padding (RFC 4648 §4); meant for digests and keys, not for bodies. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Bytes of a base64 text of the standard alphabet, padded or not; null when it is none. */
export function fromBase64(text: string): Uint8Array | null {
  if (!BASE64_TEXT.test(text)) return null;
  const unpadded = text.replace(/=+$/, '');
  if (unpadded.length % 4 === 1) return null;
  return wireBytes(atob(unpadded));
}

/** As `fromBase64`, but takes only the one text that `toBase64` writes, so that a signature has a single spelling. */
export function fromCanonicalBase64(text: string): Uint8Array | null {
  const bytes = fromBase64(text);
  return bytes !== null && toBase64(bytes) === text ? bytes : null;
}

/** `head` in UTF-8 followed by `tail`, in one new array: the tail is copied once. */
export function joined(head: string, tail: Uint8Array): Uint8Array {
  const headBytes = utf8(head);
  const all = new Uint8Array(headBytes.length + tail.length);
  all.set(headBytes);
  all.set(tail, headBytes.length);
  return all;
}
