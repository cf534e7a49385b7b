/** How a sender proves who it is: the table of schemes, and the presets that name them in the API. */
import { isHeaderName } from '../header.ts';

/** SHA-1 is offered only for senders that have nothing better. */
export type HashName = 'sha256' | 'sha1';

/** HMAC (RFC 2104) of `message`. */
export type Hmac = (hash: HashName, key: Uint8Array, message: Uint8Array) => Uint8Array;

/** Digest of bytes, or of a text in UTF-8. */
export type Sha256 = (message: Uint8Array | string) => Uint8Array;

/** What judging needs from the world; the `Mac` port is one. */
export interface Authenticator {
  hmac: Hmac;
  /** Constant-time for equal lengths; false for different ones. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

/** How many bytes a MAC has. */
export const DIGEST_BYTES: Readonly<Record<HashName, number>> = { sha256: 32, sha1: 20 };

/** A complete scheme, as kept with a source. */
export type Scheme =
  | {
      type: 'hmac';
      hash: HashName;
      encoding: 'hex' | 'base64';
      header: string;
      /** Stands before the encoded MAC, exact case; empty for none. */
      prefix: string;
      covers: 'body';
    }
  | {
      type: 'standard-webhooks';
      /** The header with the signatures; id and timestamp stand in its siblings `…-id` and `…-timestamp`. */
      header: string;
      toleranceSeconds: number;
    }
  /** The whole value of one header is the secret. */
  | { type: 'token'; header: string }
  /** Knowing the secret URL is the proof. */
  | { type: 'url' }
  | { type: 'none' };

/** A scheme as a person names it: a preset and what differs from it. */
export interface SchemeInput {
  type: string;
  header?: string | undefined;
  prefix?: string | undefined;
  encoding?: string | undefined;
}

type Setting = 'header' | 'prefix' | 'encoding';

/** A resolved scheme, or which setting is wrong (a JSON pointer into the input) and why. */
export type SchemeChoice =
  | { kind: 'scheme'; scheme: Scheme }
  | { kind: 'refused'; pointer: string; reason: 'unknown_type' | 'not_applicable' | 'malformed' };

interface Preset {
  scheme: Scheme;
  accepts: readonly Setting[];
}

function hmacOverBody(hash: HashName, header: string): Scheme {
  return { type: 'hmac', hash, encoding: 'hex', header, prefix: `${hash}=`, covers: 'body' };
}

const PRESETS: Readonly<Record<PresetName, Preset>> = {
  'hmac-sha256': {
    scheme: hmacOverBody('sha256', 'X-Hub-Signature-256'),
    accepts: ['header', 'prefix', 'encoding'],
  },
  'hmac-sha1': { scheme: hmacOverBody('sha1', 'X-Hub-Signature'), accepts: ['header', 'prefix', 'encoding'] },
  github: { scheme: hmacOverBody('sha256', 'X-Hub-Signature-256'), accepts: [] },
  'standard-webhooks': {
    scheme: { type: 'standard-webhooks', header: 'webhook-signature', toleranceSeconds: 300 },
    accepts: ['header'],
  },
  token: { scheme: { type: 'token', header: 'Authorization' }, accepts: ['header'] },
  url: { scheme: { type: 'url' }, accepts: [] },
  none: { scheme: { type: 'none' }, accepts: [] },
};

/** The names the API takes for `scheme.type`. */
export type PresetName = 'hmac-sha256' | 'hmac-sha1' | 'github' | 'standard-webhooks' | 'token' | 'url' | 'none';

/** All preset names, for documents and messages. */
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

const SETTINGS: readonly Setting[] = ['header', 'prefix', 'encoding'];

const PREFIX = /^[\x20-\x7e]{0,64}$/;
const STANDARD_HEADER = /^[a-z0-9-]{1,40}-signature$/i;

/** The scheme of a preset with its defaults. */
export function presetScheme(name: PresetName): Scheme {
  return PRESETS[name].scheme;
}

/** Completes a preset with the settings given; a setting the preset does not have is refused, never ignored. */
export function resolveScheme(input: SchemeInput): SchemeChoice {
  if (!isPresetName(input.type)) return { kind: 'refused', pointer: '/type', reason: 'unknown_type' };
  const { scheme, accepts } = PRESETS[input.type];
  for (const setting of SETTINGS) {
    const value = input[setting];
    if (value === undefined) continue;
    const pointer = `/${setting}`;
    if (!accepts.includes(setting)) return { kind: 'refused', pointer, reason: 'not_applicable' };
    if (!isWellFormed(setting, value, scheme)) return { kind: 'refused', pointer, reason: 'malformed' };
  }
  return { kind: 'scheme', scheme: completed(scheme, input) };
}

/** What a verdict calls the scheme. */
export function schemeName(scheme: Scheme): string {
  return scheme.type === 'hmac' ? `hmac-${scheme.hash}` : scheme.type;
}

function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}

function isWellFormed(setting: Setting, value: string, scheme: Scheme): boolean {
  switch (setting) {
    case 'header':
      return scheme.type === 'standard-webhooks' ? STANDARD_HEADER.test(value) : isHeaderName(value);
    case 'prefix':
      return PREFIX.test(value);
    case 'encoding':
      return value === 'hex' || value === 'base64';
  }
}

function completed(scheme: Scheme, { header, prefix, encoding }: SchemeInput): Scheme {
  switch (scheme.type) {
    case 'hmac':
      return {
        ...scheme,
        header: header ?? scheme.header,
        prefix: prefix ?? scheme.prefix,
        encoding: encoding === undefined ? scheme.encoding : encoding === 'base64' ? 'base64' : 'hex',
      };
    case 'standard-webhooks':
    case 'token':
      return { ...scheme, header: header ?? scheme.header };
    case 'url':
    case 'none':
      return scheme;
  }
}
