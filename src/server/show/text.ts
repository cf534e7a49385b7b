const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Lists show this much of each body, in bytes: two hundred whole ones would be a page of a gigabyte. */
export const LISTED_BODY_BYTES = 16 * 1024;

/** Bytes as text; what is not UTF-8 reads as U+FFFD. */
export function showText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** The same for a part that may be missing. */
export function showTextOrNull(bytes: Uint8Array | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : utf8.decode(bytes);
}

/** The first `maxBytes` of a part as text, and whether that is less than the whole. */
export function showBeginning(
  bytes: Uint8Array | null | undefined,
  maxBytes: number,
): { text: string | null; truncated: boolean } {
  if (bytes === null || bytes === undefined || bytes.length <= maxBytes) {
    return { text: showTextOrNull(bytes), truncated: false };
  }
  return { text: decoded(bytes.subarray(0, maxBytes), { truncated: true, fatal: false }), truncated: true };
}

/** Bytes as text without loss: in base64 when they are not UTF-8. `truncated`: they are the beginning of more. */
export function showExactly(
  bytes: Uint8Array,
  truncated: boolean,
): { body: string; bodyEncoding: 'utf8' | 'base64'; bodyTruncated: boolean } {
  try {
    return { body: decoded(bytes, { truncated, fatal: true }), bodyEncoding: 'utf8', bodyTruncated: truncated };
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), bodyEncoding: 'base64', bodyTruncated: truncated };
  }
}

/** A character that was cut apart at the end is left out: a decoder that expects more holds it back. */
function decoded(bytes: Uint8Array, { truncated, fatal }: { truncated: boolean; fatal: boolean }): string {
  return new TextDecoder('utf-8', { ignoreBOM: true, fatal }).decode(bytes, { stream: truncated });
}
