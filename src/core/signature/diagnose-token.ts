import { bodySigning, orSet, schemeAsWritten } from './cure.ts';
import type { DiagnosedCase } from './diagnosed-case.ts';
import { fromBase64, utf8, wireText } from './encoding.ts';
import { headerFault } from './header-fault.ts';
import { type Diagnosis, diagnosed, type MistakeCode } from './mistake.ts';
import { isCredentials, single } from './plan.ts';
import { BASIC_HEADER, hashOfLength } from './scheme.ts';
import { bare, writtenMacs } from './signature-text.ts';

/** `value` and `secret`: what was sent and what was expected, one character for each byte. */
interface Compared {
  value: string;
  secret: string;
}

interface TokenMistake {
  code: MistakeCode;
  explains(compared: Compared): boolean;
  words?: Readonly<Record<string, string>>;
}

/** The word of an authentication scheme before the rest. */
const WORD = /^[a-z]+ +/i;

function withoutWord(text: string): string {
  return text.replace(WORD, '');
}

function isAlike(a: string, b: string): boolean {
  return a !== b && a.toLowerCase() === b.toLowerCase();
}

function unbase64(text: string): string {
  const bytes = fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'));
  return bytes === null ? '' : String.fromCharCode(...bytes);
}

function passwordOf(credentials: string): string {
  return credentials.slice(credentials.indexOf(':') + 1);
}

/** What is left where a variable was not put in: `$NAME`, `${NAME}`, `%NAME%`, `{{ name }}`, `<name>`, and words for none. */
const VARIABLE =
  /^(?:(?:[a-z]+ +)?(?:\$\w+|\$\{.*\}|\$\(.*\)|%\w+%|\{\{.*\}\}|<.*>|undefined|null|none|nil)|(?:bearer|token|basic))$/i;
/** The name of a header, as it stands before its value. */
const NAME = /^[\w-]+:[ \t]*/;

const VARIABLE_SENT: TokenMistake = { code: 'variable_sent', explains: ({ value }) => VARIABLE.test(value) };
const WHITESPACE: TokenMistake = {
  code: 'secret_whitespace',
  explains: ({ value, secret }) => value === secret.trim(),
};
const LETTER_CASE: TokenMistake = { code: 'letter_case', explains: ({ value, secret }) => isAlike(value, secret) };
const PADDED: TokenMistake = { code: 'whitespace', explains: ({ value, secret }) => bare(value) === secret };

const TOKEN_MISTAKES: readonly TokenMistake[] = [
  WHITESPACE,
  PADDED,
  VARIABLE_SENT,
  {
    code: 'basic_sent',
    explains: ({ value, secret }) => {
      const credentials = /^basic /i.test(value) ? unbase64(withoutWord(value)) : '';
      // As a password, as the user of a URL, or as both.
      return [credentials, passwordOf(credentials), credentials.replace(/:$/, '')].includes(secret);
    },
  },
  { code: 'authorization_extra', explains: ({ value, secret }) => WORD.test(value) && withoutWord(value) === secret },
  {
    code: 'authorization_missing',
    explains: ({ value, secret }) => WORD.test(secret) && withoutWord(secret) === value,
  },
  {
    code: 'authorization_other',
    explains: ({ value, secret }) =>
      WORD.test(value) && WORD.test(secret) && withoutWord(value) === withoutWord(secret),
  },
  { code: 'name_sent', explains: ({ value, secret }) => NAME.test(value) && value.replace(NAME, '') === secret },
  LETTER_CASE,
  {
    code: 'encoding',
    explains: ({ value, secret }) => unbase64(value) === secret,
    words: { found: 'base64', expected: 'the secret as it is' },
  },
];

/** Why a token was refused. */
export function diagnoseToken(header: string, given: DiagnosedCase): Diagnosis {
  if (given.secrets.length === 0) return diagnosed('no_secret');
  const value = single(given.request.headers, header);
  if (typeof value !== 'string') return headerFault(bodySigning(header), value, given);
  const { secrets, stale } = given;
  const found = firstMistake(TOKEN_MISTAKES, { header, value, secrets, stale });
  if (found !== null || !isSignature(value, given)) return found ?? diagnosed('unexplained');
  return diagnosed('signature_sent', {
    header,
    or: orSet([schemeAsWritten(bodySigning(header), header, value, secrets)], given),
  });
}

const BASIC_MISTAKES: readonly TokenMistake[] = [
  WHITESPACE,
  PADDED,
  LETTER_CASE,
  { code: 'user_other', explains: ({ value, secret }) => passwordOf(value) === passwordOf(secret) },
];

/** Why user and password were refused. */
export function diagnoseBasic(given: DiagnosedCase): Diagnosis {
  const header = BASIC_HEADER;
  const secrets = given.secrets.filter(isCredentials);
  if (secrets.length === 0) return diagnosed('no_secret');
  const value = single(given.request.headers, header);
  if (typeof value !== 'string') return headerFault(bodySigning(header), value, given);
  const rest = withoutWord(bare(value));
  const plain = secrets.some((secret) => wireText(secret) === rest);
  if (plain) return diagnosed('encoding', { header, found: 'plain text', expected: 'base64 behind `Basic`' });
  if (!/^basic /i.test(value)) return diagnosed('authorization_other', { header });
  const sent = unbase64(rest);
  if (sent === '') return diagnosed('malformed', { header });
  const found = firstMistake(BASIC_MISTAKES, { header, value: sent, secrets, stale: given.stale });
  if (found !== null) return found;
  const isRight = secrets.some((secret) => wireText(secret) === sent);
  return isRight
    ? diagnosed('encoding', {
        header,
        found: 'base64 of another spelling',
        expected: 'base64 with + and / and padding',
      })
    : diagnosed('unexplained');
}

interface Sent {
  header: string;
  value: string;
  secrets: readonly string[];
  stale: readonly string[];
}

function firstMistake(mistakes: readonly TokenMistake[], { header, value, secrets, stale }: Sent): Diagnosis | null {
  const expected = secrets.map(wireText);
  const found = mistakes.find(({ explains }) =>
    expected.some((secret) => secret !== value && explains({ value, secret })),
  );
  if (found !== undefined) return diagnosed(found.code, { header, ...found.words });
  return stale.map(wireText).includes(value) ? diagnosed('stale_secret') : null;
}

/** Whether the value is a MAC of the body, made with the secret. */
function isSignature(value: string, { request, secrets, mac }: DiagnosedCase): boolean {
  const [written] = writtenMacs(value, { prefix: '', separator: null });
  const hash = written && hashOfLength(written.bytes.length);
  if (written === undefined || hash === undefined) return false;
  return secrets.some((secret) => mac.equal(mac.hmac(hash, utf8(secret), request.body), written.bytes));
}
