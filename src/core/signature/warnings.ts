import { SOURCE_TYPES, type SourceConfig } from '../source.ts';
import { isMac, type Scheme } from './scheme.ts';
import { signatureKey } from './sign.ts';

type Proved = Pick<SourceConfig, 'type' | 'scheme' | 'secrets'>;

/** Shorter keys can be found by trying; RFC 2104 §3 asks for the length of the hash. */
const MIN_KEY_BYTES = 16;

interface Warning {
  applies(source: Proved): boolean;
  words: string;
}

const WARNINGS: readonly Warning[] = [
  {
    applies: ({ scheme }) => scheme.type === 'none',
    words:
      'Anyone can post: with scheme "none" whoever knows the address is believed. ' +
      'Choose a scheme, or at least say in `ipAllowList` whom it comes from.',
  },
  {
    applies: ({ type, scheme }) => isSha1(scheme) && !isSha1(SOURCE_TYPES[type].defaultScheme),
    words: 'SHA-1 is for senders that have nothing better: choose a scheme with SHA-256 if the sender has one.',
  },
  {
    applies: ({ type, scheme }) => sendsSecret(scheme) && isMac(SOURCE_TYPES[type].defaultScheme),
    words:
      'The secret itself travels with each request and the body is not signed, ' +
      'so whoever reads one request can write others. This kind of sender can sign: prefer its own scheme.',
  },
  {
    applies: ({ scheme, secrets }) =>
      scheme.type !== 'none' && secrets.some((secret) => keyBytes(scheme, secret) < MIN_KEY_BYTES),
    words: `The secret is shorter than ${MIN_KEY_BYTES} bytes and might be guessed: rotate it to a longer, random one.`,
  },
];

/** What a person should know of how a source is proved, in sentences; all of it is accepted. */
export function schemeWarnings(source: Proved): readonly string[] {
  return WARNINGS.filter(({ applies }) => applies(source)).map(({ words }) => words);
}

function isSha1(scheme: Scheme): boolean {
  return scheme.type === 'hmac' && scheme.hash === 'sha1';
}

function sendsSecret({ type }: Scheme): boolean {
  return type === 'token' || type === 'basic';
}

/** How many bytes somebody would have to guess. */
function keyBytes(scheme: Scheme, secret: string): number {
  const guessed = scheme.type === 'basic' ? secret.slice(secret.indexOf(':') + 1) : secret;
  return signatureKey(guessed, scheme.type === 'standard-webhooks' ? 'standard' : 'plain').length;
}
