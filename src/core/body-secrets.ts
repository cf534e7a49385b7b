/** Secrets that a sender writes into what it sends (old versions of Gitea do): hidden where that is shown. */
import { REDACTED } from './header.ts';
import { utf8 } from './signature/encoding.ts';
import { maskSpelled } from './spelled-secret.ts';

/** A payload, or the value of a header, as people may see it. */
export interface Masked {
  text: string;
  /** Whether a secret stood in it. */
  isMasked: boolean;
}

/** The longest spelling of a character in JSON: `\u0061`. */
const MAX_SPELLING_CHARS = 6;
/**
 * A string whose escapes are all well-formed. Others would each cost an exception, and a body may have a million of
 * them.
 */
const WELL_ESCAPED = /^(?:[^\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*$/u;
/** An escape that was cut apart at the end of a text. */
const CUT_ESCAPE = /\\(?:u[0-9A-Fa-f]{0,3})?$/;

/**
 * Hides secrets of 16 bytes or more wherever they stand. Shorter ones could be words of any text: of them, every JSON
 * string that is one, however it is spelled, also in the payload of a form, and a text that is nothing else. A string
 * that is cut off at the end of the text is hidden when a secret begins with it.
 */
export function maskSecrets(text: string, secrets: readonly string[]): Masked {
  const given = secrets.filter((secret) => secret !== '');
  if (given.length === 0) return { text, isMasked: false };
  if (given.includes(text)) return { text: REDACTED, isMasked: true };
  const shown = maskInForm(maskInJson(maskSpelled(text, secrets), given), given);
  return { text: shown, isMasked: shown !== text };
}

function maskInJson(text: string, secrets: readonly string[]): string {
  const longest = Math.max(...secrets.map(({ length }) => length)) * MAX_SPELLING_CHARS;
  let shown = '';
  let copied = 0;
  for (let open = text.indexOf('"'); open !== -1; ) {
    const close = closingQuote(text, open + 1);
    const spelled = text.slice(open + 1, close);
    if (spelled.length <= longest && isSecret(spelled, close < text.length, secrets)) {
      shown += `${text.slice(copied, open + 1)}${REDACTED}`;
      copied = close;
    }
    open = text.indexOf('"', close + 1);
  }
  return shown + text.slice(copied);
}

function closingQuote(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

function isSecret(spelled: string, isWhole: boolean, secrets: readonly string[]): boolean {
  const said = unescaped(isWhole ? spelled : spelled.replace(CUT_ESCAPE, ''));
  return isWhole ? secrets.includes(said) : said !== '' && secrets.some((secret) => secret.startsWith(said));
}

function unescaped(spelled: string): string {
  const isPlain = !spelled.includes('\\') || !WELL_ESCAPED.test(spelled);
  return isPlain ? spelled : String(JSON.parse(`"${spelled}"`));
}

/** JSON in a field of a form (`payload=%7B%22secret%22%3A…`): quotes are percent-encoded, and what a sender likes. */
function maskInForm(text: string, secrets: readonly string[]): string {
  if (!text.includes('%22')) return text;
  const whole = secrets.reduce((shown, secret) => shown.replace(inForm(secret), `%22${REDACTED}%22`), text);
  return maskCutInForm(whole, secrets);
}

/** What a cut left of a secret behind the last quote. */
function maskCutInForm(text: string, secrets: readonly string[]): string {
  const from = text.lastIndexOf(FORM_QUOTE) + FORM_QUOTE.length;
  const rest = text.slice(from).replace(CUT_BYTE, '');
  const longest = Math.max(...secrets.map(({ length }) => length)) * MAX_FORM_SPELLING_CHARS;
  if (rest === '' || rest.length > longest) return text;
  const isBeginning = secrets.some((secret) => beginsWithForm(JSON.stringify(secret).slice(1, -1), rest));
  return isBeginning ? `${text.slice(0, from)}${REDACTED}` : text;
}

/** Compared as bytes: a character of several may be cut apart. */
function beginsWithForm(inJson: string, rest: string): boolean {
  const bytes = utf8(inJson);
  const units = rest.match(FORM_UNITS) ?? [];
  return units.length <= bytes.length && units.every((unit, at) => byteOf(unit) === bytes[at]);
}

function byteOf(unit: string): number {
  if (unit === '+') return SPACE;
  return unit.length === 3 ? Number.parseInt(unit.slice(1), 16) : unit.charCodeAt(0);
}

function inForm(secret: string): RegExp {
  const inJson = utf8(JSON.stringify(secret).slice(1, -1));
  return new RegExp(`%22${Array.from(inJson, inFormByte).join('')}%22`, 'g');
}

const SPACE = 0x20;
const FORM_QUOTE = '%22';
/** The longest spelling of a character of JSON in a form: six of them, each as three. */
const MAX_FORM_SPELLING_CHARS = 18;
const FORM_UNITS = /%[0-9A-Fa-f]{2}|[^%]/g;
/** A byte that was cut apart at the end of a text. */
const CUT_BYTE = /%[0-9A-Fa-f]?$/;

function inFormByte(byte: number): string {
  const hex = byte.toString(16).padStart(2, '0');
  const encoded = `%${[...hex].map((digit) => `[${digit}${digit.toUpperCase()}]`).join('')}`;
  if (byte === SPACE) return `(?:${encoded}|\\+)`;
  return byte < 0x80 ? `(?:${encoded}|\\x${hex})` : encoded;
}
