/** How texts and bytes are written inside of other text. */
import { utf8 } from './signature/encoding.ts';

/** A text as it is, in JSON and percent-encoded. */
export function spellingsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const percent = encodeURIComponent(text.toWellFormed());
  const lower = percent.replaceAll(/%../g, (byte) => byte.toLowerCase());
  return [text, json, json.replaceAll('/', '\\/'), percent, lower];
}

/** Bytes in hex and in base64, either alphabet, alone or as a part of longer ones, each as texts of their own are spelled. */
export function encodingsOf(bytes: Uint8Array): string[] {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex, hex.toUpperCase(), ...base64Of(bytes).flatMap(inEitherAlphabet).flatMap(spellingsOf)];
}

/** Padded, unpadded, and what it comes to behind as many bytes as may shift its digits. */
function base64Of(bytes: Uint8Array): string[] {
  const padded = Buffer.from(bytes).toString('base64');
  return [padded, padded.replace(/=+$/, ''), ...SHIFTS.map((shift) => innerBase64(bytes, shift))];
}

/** Bytes before it, and digits that are made of these too (RFC 4648 §4: three bytes are four digits). */
const SHIFTS = [
  { before: '', digits: 0 },
  { before: ' ', digits: 2 },
  { before: '  ', digits: 3 },
] as const;

function innerBase64(bytes: Uint8Array, { before, digits }: (typeof SHIFTS)[number]): string {
  const whole = Buffer.concat([utf8(before), bytes]);
  const text = whole.toString('base64').replace(/=+$/, '');
  // Where it does not end with three bytes, its last digit is made of what follows too.
  return text.slice(digits, whole.length % 3 === 0 ? text.length : -1);
}

function inEitherAlphabet(base64: string): string[] {
  return [base64, base64.replaceAll('+', '-').replaceAll('/', '_')];
}
