/** How a sender proves who it is: the table of schemes, and the presets that name them in the API. */
import { isHeaderName } from '../header.ts';
import { type Covers, type HashName, type HmacScheme, isTimed, type Scheme } from './scheme.ts';

export type { Authenticator, Covers, HashName, Hmac, HmacScheme, Scheme, Sha256, StandardScheme } from './scheme.ts';
export { coveredHeaders, DIGEST_BYTES, proofHeaders, signedIdHeader } from './scheme.ts';

/** A scheme as a person names it: a preset and what differs from it. */
export interface SchemeInput {
  type: string;
  header?: string | undefined;
  prefix?: string | undefined;
  encoding?: string | undefined;
  /** What is signed: one of `COVERS`. */
  covers?: string | undefined;
  timestampHeader?: string | undefined;
  idHeader?: string | undefined;
  /** How old, or how far ahead, a timestamp may be. */
  toleranceSeconds?: number | undefined;
}

type Setting = Exclude<keyof SchemeInput, 'type'>;

/** A resolved scheme, or which setting is wrong (a JSON pointer into the input) and why. */
export type SchemeChoice =
  | { kind: 'scheme'; scheme: Scheme }
  | {
      kind: 'refused';
      pointer: string;
      reason: 'unknown_type' | 'later' | 'not_applicable' | 'malformed' | 'required';
    };

interface Preset {
  scheme: Scheme;
  accepts: readonly Setting[];
  /** It is this other preset under the name of a sender, and is shown as that. */
  sameAs?: PresetName;
}

/** What a signature may cover. `form-payload`: the field `payload` of a form, else the body as it is. */
export const COVERS = ['body', 'form-payload', 'timestamp.body', 'v0:timestamp:body', 'id.timestamp.body'] as const;

/** Settings in the order they are checked and shown. */
export const SETTINGS = [
  'header',
  'prefix',
  'encoding',
  'covers',
  'timestampHeader',
  'idHeader',
  'toleranceSeconds',
] as const satisfies readonly Setting[];

/** Older or farther ahead than this is never now, whatever clock it is. */
export const MAX_TOLERANCE_SECONDS = 3600;
/** Unless a scheme says otherwise. */
export const TOLERANCE_SECONDS = 300;

function overBody(hash: HashName, header: string): HmacScheme {
  return { type: 'hmac', hash, encoding: 'hex', header, prefix: `${hash}=`, covers: 'body' };
}

const hubSignature256 = overBody('sha256', 'X-Hub-Signature-256');
const sha256 = { type: 'hmac', hash: 'sha256', encoding: 'hex' } as const;
const toleranceSeconds = TOLERANCE_SECONDS;

const PRESETS = {
  'hmac-sha256': { scheme: hubSignature256, accepts: SETTINGS },
  'hmac-sha1': { scheme: overBody('sha1', 'X-Hub-Signature'), accepts: SETTINGS },
  'hmac-sha512': { scheme: overBody('sha512', 'X-Signature'), accepts: SETTINGS },
  github: { scheme: hubSignature256, accepts: [], sameAs: 'hmac-sha256' },
  gitea: {
    scheme: { ...sha256, header: 'X-Gitea-Signature', prefix: '', covers: 'form-payload' },
    accepts: ['header'],
  },
  stripe: {
    scheme: {
      ...sha256,
      header: 'Stripe-Signature',
      prefix: 'v1=',
      list: true,
      covers: 'timestamp.body',
      timestamp: { entry: 't=' },
      toleranceSeconds,
    },
    accepts: ['header', 'toleranceSeconds'],
  },
  slack: {
    scheme: {
      ...sha256,
      header: 'X-Slack-Signature',
      prefix: 'v0=',
      covers: 'v0:timestamp:body',
      timestamp: { header: 'X-Slack-Request-Timestamp' },
      toleranceSeconds,
    },
    accepts: ['toleranceSeconds'],
  },
  circleci: {
    scheme: { ...sha256, header: 'circleci-signature', prefix: 'v1=', list: true, covers: 'body' },
    accepts: [],
  },
  buildkite: {
    scheme: {
      ...sha256,
      header: 'X-Buildkite-Signature',
      prefix: 'signature=',
      list: true,
      covers: 'timestamp.body',
      timestamp: { entry: 'timestamp=' },
      toleranceSeconds,
    },
    accepts: ['toleranceSeconds'],
  },
  'standard-webhooks': {
    scheme: { type: 'standard-webhooks', header: 'webhook-signature', toleranceSeconds },
    accepts: ['header', 'toleranceSeconds'],
  },
  token: { scheme: { type: 'token', header: 'Authorization' }, accepts: ['header'] },
  basic: { scheme: { type: 'basic' }, accepts: [] },
  url: { scheme: { type: 'url' }, accepts: [] },
  none: { scheme: { type: 'none' }, accepts: [] },
} as const satisfies Readonly<Record<string, Omit<Preset, 'sameAs'> & { sameAs?: string }>>;

/** Schemes that are named in the API's contract and that this version does not have yet. */
const LATER: readonly string[] = ['jwt-oidc', 'sns', 'travis', 'drone'];

/** The names the API takes for `scheme.type`. */
export type PresetName = keyof typeof PRESETS;

/** All preset names, for documents and messages. */
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

const PREFIX = /^[\x20-\x7e]{0,64}$/;
const STANDARD_HEADER = /^[a-z0-9-]{1,40}-signature$/i;

const WELL_FORMED: { readonly [S in Setting]: (value: NonNullable<SchemeInput[S]>, scheme: Scheme) => boolean } = {
  header: (value, { type }) => (type === 'standard-webhooks' ? STANDARD_HEADER.test(value) : isHeaderName(value)),
  prefix: (value) => PREFIX.test(value),
  encoding: (value) => value === 'hex' || value === 'base64',
  covers: isCovers,
  timestampHeader: isHeaderName,
  idHeader: isHeaderName,
  toleranceSeconds: (value) => Number.isInteger(value) && value >= 1 && value <= MAX_TOLERANCE_SECONDS,
};

/** What a verdict calls the scheme: its preset, the sender's where there is one. Asked at every request. */
export function schemeName(scheme: Scheme): string {
  if (scheme.type !== 'hmac') return scheme.type;
  return SENDERS.find(({ own, free }) => isAlike(scheme, own, free))?.name ?? `hmac-${scheme.hash}`;
}

interface Sender {
  name: PresetName;
  own: Readonly<Record<string, unknown>>;
  /** What may differ. */
  free: readonly string[];
}

/** The presets of senders that sign in a way of their own. */
const SENDERS: readonly Sender[] = PRESET_NAMES.flatMap((name) => {
  const { scheme, accepts, sameAs }: Preset = PRESETS[name];
  const isSenders = scheme.type === 'hmac' && sameAs === undefined && !accepts.includes('prefix');
  return isSenders ? [{ name, own: { ...scheme }, free: accepts }] : [];
});

function isAlike(scheme: HmacScheme, own: Sender['own'], free: readonly string[]): boolean {
  const members: Readonly<Record<string, unknown>> = { ...scheme };
  return Object.keys({ ...members, ...own }).every(
    (name) => free.includes(name) || members[name] === own[name] || isSamePlace(members[name], own[name]),
  );
}

function isSamePlace(place: unknown, own: unknown): boolean {
  return typeof place === 'object' && JSON.stringify(place) === JSON.stringify(own);
}

/** The scheme of a preset with its defaults. */
export function presetScheme(name: PresetName): Scheme {
  return PRESETS[name].scheme;
}

/** The settings a preset takes; which of an HMAC's apply depends on what it covers. */
export function presetSettings(name: PresetName): readonly Setting[] {
  return PRESETS[name].accepts;
}

/** Completes a preset with the settings given; a setting that would have no effect is refused, never ignored. */
export function resolveScheme(input: SchemeInput): SchemeChoice {
  if (!isPresetName(input.type)) return refused('type', LATER.includes(input.type) ? 'later' : 'unknown_type');
  const { scheme, accepts }: Preset = PRESETS[input.type];
  for (const setting of SETTINGS) {
    if (input[setting] === undefined) continue;
    if (!accepts.includes(setting)) return refused(setting, 'not_applicable');
    if (!isWellFormed(setting, input, scheme)) return refused(setting, 'malformed');
  }
  return completed(scheme, input);
}

/**
 * A scheme in the words of the API; giving it back to `resolveScheme` yields the same scheme. Named by its sender where
 * there is a preset for it.
 */
export function schemeInput(scheme: Scheme): SchemeInput {
  const wanted = canonical(scheme);
  for (const type of PRESET_NAMES.toReversed()) {
    const preset: Preset = PRESETS[type];
    if (preset.sameAs !== undefined || preset.scheme.type !== scheme.type) continue;
    const input = { type, ...settingsOf(scheme, preset.accepts) };
    const choice = resolveScheme(input);
    if (choice.kind === 'scheme' && canonical(choice.scheme) === wanted) return input;
  }
  throw new Error('a scheme that no preset makes');
}

/** A text that is equal for equal schemes, in whatever order their members stand. */
function canonical(scheme: Scheme): string {
  return JSON.stringify(Object.entries(scheme).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function settingsOf(scheme: Scheme, accepts: readonly Setting[]): Omit<SchemeInput, 'type'> {
  const timestamp = 'timestamp' in scheme && 'header' in scheme.timestamp ? scheme.timestamp.header : undefined;
  const all: Omit<SchemeInput, 'type'> = {
    ...scheme,
    // Left out where it is the body alone, as it is unless told.
    covers: 'covers' in scheme && scheme.covers !== 'body' ? scheme.covers : undefined,
    timestampHeader: timestamp,
  };
  const given = accepts.filter((setting) => all[setting] !== undefined);
  return Object.fromEntries(given.map((setting) => [setting, all[setting]]));
}

function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}

function isCovers(text: string): text is Covers {
  return (COVERS as readonly string[]).includes(text);
}

function isWellFormed<S extends Setting>(setting: S, input: SchemeInput, scheme: Scheme): boolean {
  const value = input[setting];
  return value != null && WELL_FORMED[setting](value, scheme);
}

function refused(setting: keyof SchemeInput, reason: Extract<SchemeChoice, { kind: 'refused' }>['reason']) {
  return { kind: 'refused', pointer: `/${setting}`, reason } as const;
}

function completed(scheme: Scheme, input: SchemeInput): SchemeChoice {
  switch (scheme.type) {
    case 'hmac':
      return completedHmac(scheme, input);
    case 'standard-webhooks': {
      const { header = scheme.header, toleranceSeconds = scheme.toleranceSeconds } = input;
      return { kind: 'scheme', scheme: { type: scheme.type, header, toleranceSeconds } };
    }
    case 'token':
      return { kind: 'scheme', scheme: { ...scheme, header: input.header ?? scheme.header } };
    case 'basic':
    case 'url':
    case 'none':
      return { kind: 'scheme', scheme };
  }
}

function completedHmac(scheme: HmacScheme, input: SchemeInput): SchemeChoice {
  const { type, hash, list } = scheme;
  const { header = scheme.header, prefix = scheme.prefix } = input;
  const encoding = input.encoding === undefined ? scheme.encoding : input.encoding === 'base64' ? 'base64' : 'hex';
  const row = { type, hash, encoding, header, prefix, ...(list ? { list } : {}) } as const;
  const covers = input.covers !== undefined && isCovers(input.covers) ? input.covers : scheme.covers;
  if (input.idHeader !== undefined && covers !== 'id.timestamp.body') return refused('idHeader', 'not_applicable');
  if (!isTimed(covers)) {
    const idle = (['timestampHeader', 'toleranceSeconds'] as const).find((setting) => input[setting] !== undefined);
    return idle === undefined ? { kind: 'scheme', scheme: { ...row, covers } } : refused(idle, 'not_applicable');
  }
  const own = 'timestamp' in scheme ? scheme : null;
  const timestamp = input.timestampHeader === undefined ? own?.timestamp : { header: input.timestampHeader };
  if (timestamp === undefined) return refused('timestampHeader', 'required');
  const toleranceSeconds = input.toleranceSeconds ?? own?.toleranceSeconds ?? TOLERANCE_SECONDS;
  const timed = { timestamp, toleranceSeconds };
  if (covers !== 'id.timestamp.body') return { kind: 'scheme', scheme: { ...row, covers, ...timed } };
  const { idHeader } = input;
  if (idHeader === undefined) return refused('idHeader', 'required');
  return { kind: 'scheme', scheme: { ...row, covers, idHeader, ...timed } };
}
