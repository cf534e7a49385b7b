/** What a receiver sends back of the credentials that it was sent: hidden before anybody keeps or sees the answer. */
import { KEPT_ANSWER_BYTES, type ResponseAnswer } from './attempt.ts';
import type { HookEvent } from './event.ts';
import { isShownHeader } from './header.ts';
import { isCredentialHeader } from './inbound-headers.ts';
import { MIN_BEGUN_BYTES, REPLACEMENT, type Redact, redactor } from './redaction.ts';
import { fromBase64, utf8, wireBytes } from './signature/encoding.ts';
import { WHSEC } from './signature/sign.ts';
import type { SubscriptionConfig } from './subscription.ts';

/** Shorter ones stand in any text by chance; hiding them would leave holes and no secret the safer. */
const MIN_CHARS = 6;
/** Parts of a URL that are shorter name things; longer ones may be the token of a chat's hook. */
const MIN_PART_CHARS = 16;
/** What parameters that hold a credential are called in URLs alone. */
const CREDENTIAL_PARAMETER = /^(?:sig|pass|pwd)$/i;
/** Where a header's name would have a hyphen: `apiKey`, `api_key`. */
const WORD_BREAK = /_|(?<=[a-z])(?=[A-Z])/g;
/** A value of `Authorization`, and of headers made like it: a word and the credential. */
const WITH_WORD = /^([\w-]+) (\S+)$/;

const fromUtf8 = new TextDecoder();
/** Credentials in each spelling, and what hides them. */
interface Sent {
  texts: readonly Uint8Array[];
  redact: Redact;
}

/** What a configuration holds, worked out once. */
const known = new WeakMap<SubscriptionConfig, Sent>();

/**
 * The answer with `[redacted]` in place of each credential of its try, in headers and body: as it was sent, in JSON, and
 * percent-encoded; also of what a cut left of one.
 * @param config with everything in it that it may only refer to
 */
export function withoutEchoes(
  answer: ResponseAnswer,
  config: SubscriptionConfig,
  event: Pick<HookEvent, 'headers'>,
): ResponseAnswer {
  const sent = sentWith(config, event);
  if (sent.texts.length === 0) return answer;
  const headers: Record<string, string> = {};
  for (const name in answer.headers) headers[name] = headerWithout(answer.headers[name] ?? '', sent);
  const body = without(answer.body, sent, answer.truncated);
  // What stands for a short one is longer than it was.
  const truncated = answer.truncated || body.length > KEPT_ANSWER_BYTES;
  return { ...answer, headers, body: truncated ? body.subarray(0, KEPT_ANSWER_BYTES) : body, truncated };
}

function sentWith(config: SubscriptionConfig, event: Pick<HookEvent, 'headers'>): Sent {
  const own = known.get(config) ?? sentOf(spelled(credentialsOf(config)));
  known.set(config, own);
  const others = spelled(hiddenValues(event.headers));
  return others.length === 0 ? own : sentOf([...own.texts, ...others]);
}

function sentOf(texts: readonly Uint8Array[]): Sent {
  return { texts, redact: redactor(texts) };
}

/** HTTP parsers hand out one character for each byte. */
function headerWithout(value: string, sent: Sent): string {
  if (value.length < MIN_CHARS) return value;
  const bytes = wireBytes(value) ?? utf8(value);
  const shown = without(bytes, sent, false);
  return shown === bytes ? value : Buffer.from(shown).toString('latin1');
}

function without(bytes: Uint8Array, sent: Sent, isCut: boolean): Uint8Array {
  if (bytes.length < (isCut ? MIN_BEGUN_BYTES : MIN_CHARS)) return bytes;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // Nearly all answers hold none, and this finds it out fastest. Of a whole text it would take a square of the time.
  if (sent.texts.some((text) => view.includes(text.subarray(0, MIN_CHARS)))) return sent.redact(bytes, isCut);
  return isCut ? (withoutEnd(view, sent.texts) ?? bytes) : bytes;
}

/** Without what the bytes end with, where a text begins with it; null where none does. They hold no longer beginning. */
function withoutEnd(bytes: Buffer, texts: readonly Uint8Array[]): Uint8Array | null {
  for (let begun = Math.min(MIN_CHARS - 1, bytes.length); begun >= MIN_BEGUN_BYTES; begun--) {
    const from = bytes.length - begun;
    const end = bytes.subarray(from);
    if (texts.some((text) => end.equals(text.subarray(0, begun)))) {
      return Buffer.concat([bytes.subarray(0, from), REPLACEMENT]);
    }
  }
  return null;
}

function credentialsOf({ auth, headers, signatureSecrets, retiringSecrets, url }: SubscriptionConfig): string[] {
  const secrets = [...signatureSecrets, ...retiringSecrets.map(({ secret }) => secret)];
  return [...authOf(auth), ...hiddenValues(headers), ...secrets.flatMap(formsOfSecret), ...partsOf(url)];
}

function authOf(auth: SubscriptionConfig['auth']): string[] {
  switch (auth.type) {
    case 'none':
    case 'signature':
      return [];
    case 'basic':
      return [auth.password, ...base64(`${auth.username}:${auth.password}`)];
    case 'bearer':
      return [auth.token];
    case 'header':
      return formsOfValue(auth.value);
  }
}

function hiddenValues(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    isShownHeader(name.toLowerCase()) ? [] : formsOfValue(value),
  );
}

function formsOfValue(value: string): string[] {
  const [, word, rest] = WITH_WORD.exec(value) ?? [];
  if (word === undefined || rest === undefined) return [value];
  return [value, rest, ...(word.toLowerCase() === 'basic' ? passwordIn(rest) : [])];
}

function passwordIn(pair: string): string[] {
  const bytes = fromBase64(pair);
  return bytes === null ? [] : [fromUtf8.decode(bytes).replace(/^[^:]*:/, '')];
}

function formsOfSecret(secret: string): string[] {
  return secret.startsWith(WHSEC) ? [secret, secret.slice(WHSEC.length)] : [secret, ...base64(secret)];
}

/** URLs often are secrets: their tokens stand in the query, or in the path. */
function partsOf(url: string): string[] {
  const { pathname, search } = new URL(url);
  return [...pathname.split('/').filter(isLong), ...search.slice(1).split('&').flatMap(valuesOf)];
}

/** As it stands in the URL, and decoded. */
function valuesOf(parameter: string): string[] {
  if (!parameter.includes('=')) return [parameter].filter(isLong);
  const [[name, value] = ['', '']] = new URLSearchParams(parameter);
  const values = [parameter.replace(/^[^=]*=/, ''), value];
  return isCredentialParameter(name) ? values : values.filter(isLong);
}

function isCredentialParameter(name: string): boolean {
  return CREDENTIAL_PARAMETER.test(name) || isCredentialHeader(`x-${name.replaceAll(WORD_BREAK, '-')}`);
}

function isLong({ length }: string): boolean {
  return length >= MIN_PART_CHARS;
}

/** With padding and without. */
function base64(text: string): string[] {
  const padded = Buffer.from(text).toString('base64');
  return [padded, padded.replace(/=+$/, '')];
}

function spelled(credentials: readonly string[]): Uint8Array[] {
  const long = credentials.filter(({ length }) => length >= MIN_CHARS);
  return [...new Set(long.flatMap(spellingsOf))].map(utf8);
}

function spellingsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const percent = encodeURIComponent(text.toWellFormed());
  const lower = percent.replaceAll(/%../g, (byte) => byte.toLowerCase());
  return [text, json, json.replaceAll('/', '\\/'), percent, lower];
}
