/** A JSON body as a form: what receivers of seed 004 and of GitHub know as content type `form`. */

/** The content type of such a body. */
export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded';

const NAME = new TextEncoder().encode('payload=');
const HEX = new TextEncoder().encode('0123456789ABCDEF');
const [SPACE, PLUS, PERCENT] = [0x20, 0x2b, 0x25];

/** A form is at most this many times as long as its JSON, apart from the name. */
export const FORM_GROWTH = 3;

/** 1 for bytes that every form parser takes as they are: letters, digits and `-._`. */
const isPlain = new Uint8Array(256);
for (const char of new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._')) {
  isPlain[char] = 1;
}

/**
 * `payload=` and the JSON as `application/x-www-form-urlencoded`: a space is `+`, everything but letters, digits and
 * `-._` is `%XX`. Byte for byte, so that what is decoded is what was accepted.
 */
export function formBody(json: Uint8Array): Uint8Array {
  const body = new Uint8Array(NAME.length + encodedLength(json));
  body.set(NAME);
  let at = NAME.length;
  for (const byte of json) {
    if (isPlain[byte] === 1) body[at++] = byte;
    else if (byte === SPACE) body[at++] = PLUS;
    else {
      body[at++] = PERCENT;
      body[at++] = HEX[byte >> 4] as number;
      body[at++] = HEX[byte & 15] as number;
    }
  }
  return body;
}

function encodedLength(json: Uint8Array): number {
  let length = 0;
  for (const byte of json) length += isPlain[byte] === 1 || byte === SPACE ? 1 : 3;
  return length;
}
