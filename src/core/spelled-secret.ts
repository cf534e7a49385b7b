/** Long secrets inside other text: a URL, a field of a form, a sentence. Found however senders spell their characters. */
import { REDACTED } from './header.ts';
import { utf8 } from './signature/encoding.ts';

/** From this many bytes on a secret is no word that stands somewhere by chance. */
const MIN_BYTES = 16;
/** So much of one that is cut off at the end of a text is hidden; less tells nobody anything. */
const MIN_CUT_CHARS = 8;
/** The longest spelling of a character: an escape of JSON for each of two units, in a form. */
const MAX_SPELLING_CHARS = 36;

/** One character after the other, as regular expressions that look at one place only. */
type Spelling = readonly RegExp[];

/**
 * How secrets are looked for. Few texts have the beginning of one: the rest, which takes long to make, waits for that.
 */
interface Search {
  spelled: readonly (readonly string[])[];
  /** The first characters of any of them: no more than are left of one that is cut off. */
  begun: RegExp;
  inFull: InFull | null;
}

/** Secrets wherever they stand, and at the end. */
interface InFull {
  whole: RegExp;
  spellings: readonly Spelling[];
}

/** The same secrets are looked for in many texts: every header of every receipt of a list. */
const searches = new WeakMap<readonly string[], Search>();

/** Hides each secret of 16 bytes or more wherever it stands, also one that is cut off at the end. */
export function maskSpelled(text: string, secrets: readonly string[]): string {
  const search = searches.get(secrets) ?? searchFor(secrets);
  searches.set(secrets, search);
  if (search.spelled.length === 0 || !search.begun.test(text)) return text;
  search.inFull ??= inFull(search.spelled);
  return maskCut(text.replace(search.inFull.whole, REDACTED), search.inFull.spellings);
}

function searchFor(secrets: readonly string[]): Search {
  const long = new Set(secrets.filter((secret) => utf8(secret).length >= MIN_BYTES));
  const spelled = [...long].flatMap(spellingsOf);
  return {
    spelled,
    begun: anyOf(
      spelled.map((characters) => characters.slice(0, MIN_CUT_CHARS)),
      '',
    ),
    inFull: null,
  };
}

function inFull(spelled: Search['spelled']): InFull {
  return {
    whole: anyOf(spelled, 'g'),
    spellings: spelled.map((characters) => characters.map((character) => new RegExp(character, 'y'))),
  };
}

function anyOf(spelled: Search['spelled'], flags: string): RegExp {
  return new RegExp(spelled.map((characters) => characters.join('')).join('|'), flags);
}

/** A backslash is one in plain text and two in JSON: one expression for both would try either way for each of them. */
function spellingsOf(secret: string): readonly (readonly string[])[] {
  return secret.includes('\\') ? [escapable(secret), Array.from(secret, encodable)] : [escapable(secret)];
}

/** As it is or as JSON escapes it; either may be percent-encoded as in a URL or a form. */
function escapable(secret: string): readonly string[] {
  return Array.from(secret, (char) => {
    const units = Array.from({ length: char.length }, (_, at) => `${encodable('\\')}${hexUnit(char.charCodeAt(at))}`);
    const short = SHORT_ESCAPES[char];
    const escaped = short === undefined ? [] : [encodable('\\') + encodable(short)];
    const plain = char === '\\' ? [] : [encodable(char)];
    return `(?:${[...plain, ...escaped, units.join('')].join('|')})`;
  });
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
};

function hexUnit(unit: number): string {
  return `u${anyCase(unit.toString(16).padStart(4, '0'))}`;
}

function encodable(char: string): string {
  const encoded = Array.from(utf8(char), (byte) => `%${anyCase(byte.toString(16).padStart(2, '0'))}`).join('');
  // `+` is a space in a form, and a plus anywhere else.
  return `(?:${literal(char)}|${encoded}${char === ' ' ? '|\\+' : ''})`;
}

function literal(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

function anyCase(hex: string): string {
  return Array.from(hex, (digit) => (/[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit)).join('');
}

/** What a cut left of a secret at the very end. */
function maskCut(text: string, spellings: readonly Spelling[]): string {
  const starts = spellings.map((spelling) => cutAt(text, spelling)).filter((at) => at !== null);
  return starts.length === 0 ? text : `${text.slice(0, Math.min(...starts))}${REDACTED}`;
}

/** Where the beginning of a secret begins with which the text ends; null when it does not. */
function cutAt(text: string, spelling: Spelling): number | null {
  const from = Math.max(0, text.length - spelling.length * MAX_SPELLING_CHARS);
  for (let start = from; start <= text.length - MIN_CUT_CHARS; start++) {
    if (runsToEnd(text, start, spelling)) return start;
  }
  return null;
}

/** A character whose spelling was cut apart itself: `%`, `%c3%`, `\`, `\u00`, `\ud83d`. */
const CUT_CHARACTER = /^(?:(?:\\|%5[Cc])(?:u[0-9A-Fa-f]{0,4})?|%[0-9A-Fa-f]{0,2}|[\ud800-\udbff])*$/;

function runsToEnd(text: string, start: number, spelling: Spelling): boolean {
  let at = start;
  for (const [count, character] of spelling.entries()) {
    character.lastIndex = at;
    if (!character.test(text)) return count >= MIN_CUT_CHARS && isCutCharacter(text, at);
    at = character.lastIndex;
  }
  return false;
}

function isCutCharacter(text: string, at: number): boolean {
  return text.length - at < MAX_SPELLING_CHARS && CUT_CHARACTER.test(text.slice(at));
}
