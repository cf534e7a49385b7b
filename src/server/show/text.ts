const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Bytes as text; what is not UTF-8 reads as U+FFFD. */
export function showText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/** The same for a part that may be missing. */
export function showTextOrNull(bytes: Uint8Array | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : utf8.decode(bytes);
}

/** Bytes as text without loss: in base64 when they are not UTF-8. */
export function showExactly(bytes: Uint8Array): { body: string; bodyEncoding: 'utf8' | 'base64' } {
  try {
    return { body: strictUtf8.decode(bytes), bodyEncoding: 'utf8' };
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), bodyEncoding: 'base64' };
  }
}
