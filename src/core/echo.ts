/** What a receiver sends back of the credentials that it was sent: hidden before anybody keeps or sees the answer. */
import { KEPT_ANSWER_BYTES, type ResponseAnswer } from './attempt.ts';
import type { HookEvent } from './event.ts';
import { isShownHeader } from './header.ts';
import { isCredentialHeader } from './inbound-headers.ts';
import { type Find, finder, MIN_BEGUN_BYTES, REPLACEMENT, redacted } from './redaction.ts';
import { fromBase64, utf8, wireBytes } from './signature/encoding.ts';
import { WHSEC } from './signature/sign.ts';
import { encodingsOf, spellingsOf } from './spellings.ts';
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

/** What may come back: as it is and encoded, or encoded alone. */
interface Credentials {
  texts: readonly string[];
  /** Keys that are no text, and texts of which a part may be seen. */
  keys: readonly Uint8Array[];
}

/** What is looked for: how it begins in any answer, and all of it only where one of the beginnings stands. */
interface Sought {
  /** The first bytes of each spelling, a character for each byte; every beginning once. */
  begins: readonly string[];
  find: Find;
}

/** What a configuration holds, worked out once. */
const known = new WeakMap<SubscriptionConfig, Sought>();

/**
 * The answer with `[redacted]` in place of each credential of its try, in headers and body: as it was sent, in JSON,
 * percent-encoded, in hex and in base64, there also inside of something longer; also of what a cut left of one.
 * @param config with everything in it that it may only refer to
 */
export function withoutEchoes(
  answer: ResponseAnswer,
  config: SubscriptionConfig,
  event: Pick<HookEvent, 'headers'>,
): ResponseAnswer {
  const sent = sentWith(config, event);
  if (sent.every(({ begins }) => begins.length === 0)) return answer;
  const headers = headersWithout(answer.headers, sent);
  const body = without(answer.body, sent, answer.truncated);
  // What stands for a short one is longer than it was.
  const truncated = answer.truncated || body.length > KEPT_ANSWER_BYTES;
  return { ...answer, headers, body: truncated ? body.subarray(0, KEPT_ANSWER_BYTES) : body, truncated };
}

/** What the configuration holds apart from what the event does: each event would have all of it learnt anew. */
function sentWith(config: SubscriptionConfig, event: Pick<HookEvent, 'headers'>): readonly Sought[] {
  // Spelled again where an answer echoes one: most never do, and there are many subscriptions.
  const own = known.get(config) ?? soughtOf(() => spelled(credentialsOf(config)));
  known.set(config, own);
  // No place for credentials, and new with each event: encoding them all would cost more than it is worth.
  const others = hiddenValues(event.headers).filter(isEnough).flatMap(spellingsOf).map(utf8);
  return others.length === 0 ? [own] : [own, soughtOf(() => others)];
}

function soughtOf(textsOf: () => readonly Uint8Array[]): Sought {
  const begins = textsOf().map((text) => viewOf(text.subarray(0, MIN_CHARS)).toString('latin1'));
  return { begins: [...new Set(begins)], find: finder(textsOf) };
}

/** Nearly all answers hold none: one look at all values together finds it out. */
function headersWithout(headers: ResponseAnswer['headers'], sent: readonly Sought[]): ResponseAnswer['headers'] {
  if (!mayHold(bytesOf(Object.values(headers).join('\n')), sent)) return headers;
  const shown: Record<string, string> = {};
  for (const name in headers) shown[name] = headerWithout(headers[name] ?? '', sent);
  return shown;
}

/** HTTP parsers hand out one character for each byte. */
function bytesOf(value: string): Uint8Array {
  return wireBytes(value) ?? utf8(value);
}

function headerWithout(value: string, sent: readonly Sought[]): string {
  const bytes = bytesOf(value);
  const shown = without(bytes, sent, false);
  return shown === bytes ? value : Buffer.from(shown).toString('latin1');
}

function without(bytes: Uint8Array, sent: readonly Sought[], isCut: boolean): Uint8Array {
  if (bytes.length < (isCut ? MIN_BEGUN_BYTES : MIN_CHARS)) return bytes;
  if (mayHold(bytes, sent)) {
    const finds = sent.map(({ find }) => find);
    return redacted(bytes, finds, isCut);
  }
  return isCut ? (withoutEnd(viewOf(bytes), sent) ?? bytes) : bytes;
}

/** Beginnings are looked for the fastest. Of a whole text it would take a square of the time. */
function mayHold(bytes: Uint8Array, sent: readonly Sought[]): boolean {
  const view = viewOf(bytes);
  return sent.some(({ begins }) => begins.some((begin) => view.includes(begin, 0, 'latin1')));
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** Without what the bytes end with, where a text begins with it; null where none does. They hold no longer beginning. */
function withoutEnd(bytes: Buffer, sent: readonly Sought[]): Uint8Array | null {
  for (let begun = Math.min(MIN_CHARS - 1, bytes.length); begun >= MIN_BEGUN_BYTES; begun--) {
    const from = bytes.length - begun;
    const end = bytes.toString('latin1', from);
    if (sent.some(({ begins }) => begins.some((begin) => begin.startsWith(end)))) {
      return Buffer.concat([bytes.subarray(0, from), REPLACEMENT]);
    }
  }
  return null;
}

function credentialsOf({ auth, headers, signatureSecrets, retiringSecrets, url }: SubscriptionConfig): Credentials {
  const secrets = [...signatureSecrets, ...retiringSecrets.map(({ secret }) => secret)];
  return {
    texts: [...textsOf(auth), ...hiddenValues(headers), ...secrets.flatMap(formsOfSecret), ...partsOf(url)],
    keys: [...pairOf(auth), ...secrets.flatMap(keyOf)],
  };
}

function textsOf(auth: SubscriptionConfig['auth']): string[] {
  switch (auth.type) {
    case 'none':
    case 'signature':
      return [];
    case 'basic':
      return [auth.password];
    case 'bearer':
      return [auth.token];
    case 'header':
      return formsOfValue(auth.value);
  }
}

/** It is sent in base64; of the pair itself the name may be seen. */
function pairOf(auth: SubscriptionConfig['auth']): Uint8Array[] {
  return auth.type === 'basic' ? [utf8(`${auth.username}:${auth.password}`)] : [];
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
  return secret.startsWith(WHSEC) ? [secret, secret.slice(WHSEC.length)] : [secret];
}

function keyOf(secret: string): Uint8Array[] {
  const key = secret.startsWith(WHSEC) ? fromBase64(secret.slice(WHSEC.length)) : null;
  return key === null ? [] : [key];
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

function spelled({ texts, keys }: Credentials): Uint8Array[] {
  const long = texts.filter(isEnough);
  const encoded = [...long.map(utf8), ...keys].flatMap(encodingsOf).filter(isEnough);
  return [...new Set([...long.flatMap(spellingsOf), ...encoded])].map(utf8);
}

function isEnough({ length }: string): boolean {
  return length >= MIN_CHARS;
}
