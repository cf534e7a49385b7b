/** What a person should know of settings of a source that are accepted all the same. */
import { mappingDoubts } from './mapping.ts';
import { isMac, type Scheme } from './signature/scheme.ts';
import { signatureKey } from './signature/sign.ts';
import { isLoadable, UNLOADABLE_WORDS } from './signing-secret.ts';
import { SOURCE_TYPES, type SourceConfig, type SourceType } from './source.ts';

type Proved = Pick<SourceConfig, 'type' | 'scheme' | 'secrets'> & {
  /** Of the secret that it refers to; null where it has none elsewhere, or it cannot be read. */
  referredBytes: number | null;
};

/**
 * What is known of the secret that a source refers to: why it cannot be read now, or how long it is, never what it is.
 */
export type ReferredSecret = { kind: 'missing'; reason: string } | { kind: 'found'; keyBytes: number };

/** Shorter keys can be found by trying; RFC 2104 §3 asks for the length of the hash. */
const MIN_KEY_BYTES = 16;

interface Warning {
  applies(source: Proved): boolean;
  words: string;
}

/** What no value of a header can be: it comes without blanks around it, and without controls (RFC 9110 §5.5). */
const UNSENDABLE = /^[ \t]|[ \t]$|[^\t\P{Cc}]/u;

/** Of how a source is proved. */
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
  {
    applies: ({ scheme, secrets }) => scheme.type === 'token' && secrets.some((secret) => UNSENDABLE.test(secret)),
    words:
      'The secret begins or ends with a blank, or has a line break or the like in it. ' +
      'No header can hold that, so it never matches: set it again without.',
  },
  {
    applies: ({ scheme, secrets }) => scheme.type === 'standard-webhooks' && !secrets.every(isLoadable),
    words: UNLOADABLE_WORDS,
  },
  {
    applies: ({ referredBytes }) => referredBytes !== null && referredBytes < MIN_KEY_BYTES,
    words:
      `The secret where \`secretRef\` says is shorter than ${MIN_KEY_BYTES} bytes and might be guessed: ` +
      'put a longer, random one there.',
  },
];

/** Senders that do not say which registry they are, and of what. */
const HOSTLESS: Partial<Record<SourceType, string>> = {
  nexus: 'Nexus does not say which registry an image is in',
  acr: 'Azure Container Registry does not say which registry a chart is in',
  zot: 'Older versions of zot do not say which registry an image is in',
};

/**
 * The warnings of a source, in sentences.
 * @param referred the secret that it refers to; null when it has none elsewhere
 */
export function sourceWarnings(config: SourceConfig, referred: ReferredSecret | null): string[] {
  const hostless = config.registry === null ? HOSTLESS[config.type] : undefined;
  const proved = { ...config, referredBytes: referred?.kind === 'found' ? referred.keyBytes : null };
  return [
    ...(referred?.kind === 'missing' ? [secretWords(config, referred.reason)] : []),
    ...WARNINGS.filter(({ applies }) => applies(proved)).map(({ words }) => words),
    ...(config.mapping === null ? [] : mappingDoubts(config.mapping)),
    ...(hostless === undefined ? [] : [`${hostless}, and then facts have no host: name it in \`registry\`.`]),
  ];
}

function secretWords({ secretRef }: SourceConfig, fault: string): string {
  const reason = fault.replace(/\.$/, '');
  return `The secret cannot be read from ${secretRef} (${reason}): requests are answered 503 until it can.`;
}

function isSha1(scheme: Scheme): boolean {
  return scheme.type === 'hmac' && scheme.hash === 'sha1';
}

function sendsSecret({ type }: Scheme): boolean {
  return type === 'token' || type === 'basic';
}

/** How many bytes of a secret somebody would have to guess. */
export function keyBytes(scheme: Scheme, secret: string): number {
  const guessed = scheme.type === 'basic' ? secret.slice(secret.indexOf(':') + 1) : secret;
  return signatureKey(guessed, scheme.type === 'standard-webhooks' ? 'standard' : 'plain').length;
}
