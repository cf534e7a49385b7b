/** The JSON inside a form, as GitHub and Gitea post it with content type `application/x-www-form-urlencoded`. */

const [PERCENT, PLUS, SPACE, AMPERSAND] = [0x25, 0x2b, 0x20, 0x26];
const NAME = new TextEncoder().encode('payload=');

/** True for the content type of a form, whatever its parameters. */
export function isFormType(contentType: string): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType.trim());
}

/**
 * The bytes of the field `payload`, decoded once: `+` is a space, `%XX` a byte; a `%` without two hex digits stands for
 * itself (WHATWG URL §1.3). null unless it is the only field, as those senders post it: of two fields somebody else
 * might read the one that is not signed.
 */
export function formPayload(body: Uint8Array): Uint8Array | null {
  const isNamed = NAME.every((byte, index) => body[index] === byte);
  return isNamed && !body.includes(AMPERSAND) ? decoded(body.subarray(NAME.length)) : null;
}

function decoded(field: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(field.length);
  let length = 0;
  for (let at = 0; at < field.length; at++) {
    const byte = field[at] ?? 0;
    const escaped = byte === PERCENT ? hexByte(field, at + 1) : null;
    if (escaped !== null) at += 2;
    bytes[length++] = escaped ?? (byte === PLUS ? SPACE : byte);
  }
  return bytes.slice(0, length);
}

function hexByte(bytes: Uint8Array, at: number): number | null {
  const [high, low] = [hexDigit(bytes[at]), hexDigit(bytes[at + 1])];
  return high === null || low === null ? null : high * 16 + low;
}

function hexDigit(byte: number | undefined): number | null {
  if (byte === undefined) return null;
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? null : digit;
}
