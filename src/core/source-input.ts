/** From what a caller writes to a complete source. Names are those of the API and of seed 001's WebhookConfig. */
import type { FieldError } from './problem.ts';
import { isTimeZone } from './reader/times.ts';
import {
  PRESET_NAMES,
  type PresetName,
  presetScheme,
  resolveScheme,
  type Scheme,
  type SchemeChoice,
} from './signature/schemes.ts';
import { signatureKey } from './signature/sign.ts';
import { isSourceType, SOURCE_TYPES, type SourceConfig } from './source.ts';

/** A source as a caller writes it: shapes are checked already, meaning is not. */
export interface SourceInput {
  type: string;
  name?: string | undefined;
  description?: string | undefined;
  scheme?:
    | { type: string; header?: string | undefined; prefix?: string | undefined; encoding?: string | undefined }
    | undefined;
  secret?: string | undefined;
  /** Seed 001's way to say the same as `scheme.header`. */
  signatureHeader?: string | undefined;
  /** Seed 001's way to say the same as `scheme.type` for a keyed hash. */
  signatureAlgorithm?: 'hmac-sha256' | 'hmac-sha1' | undefined;
  registry?: string | null | undefined;
  timeZone?: string | null | undefined;
}

export type SourceCompleted =
  /** `generatedSecret` is shown once, when the scheme needs a secret and none was given. */
  | { kind: 'config'; config: SourceConfig; generatedSecret: string | null }
  | { kind: 'invalid'; errors: readonly FieldError[] };

/** Makes what a source needs of randomness. */
export interface SourceMaker {
  /** A secret in the form that senders of this scheme take. */
  secret(scheme: Scheme['type']): string;
  /** A UUID v4. */
  urlKey(): string;
}

const REGISTRY = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/;

/** Completes and checks a source. Everything wrong is reported at once, each with its pointer. */
export function completeSource(input: SourceInput, maker: SourceMaker): SourceCompleted {
  if (!isSourceType(input.type)) {
    const message = `This version has the types ${Object.keys(SOURCE_TYPES).join(', ')}.`;
    return { kind: 'invalid', errors: [{ pointer: '/type', message }] };
  }
  const { scheme, errors } = schemeOf(input, SOURCE_TYPES[input.type].defaultScheme);
  errors.push(...placeErrors(input));
  if (scheme !== null && input.secret !== undefined && !needsSecret(scheme)) {
    errors.push({ pointer: '/secret', message: `Has no effect with scheme "${scheme.type}"; leave it out.` });
  }
  if (input.secret !== undefined && isBlank(input.secret)) {
    errors.push({ pointer: '/secret', message: 'An empty secret proves nothing.' });
  }
  if (scheme === null || errors.length > 0) return { kind: 'invalid', errors };
  const generatedSecret = needsSecret(scheme) && input.secret === undefined ? maker.secret(scheme.type) : null;
  const secret = generatedSecret ?? input.secret;
  const config: SourceConfig = {
    type: input.type,
    name: input.name ?? input.type,
    description: input.description ?? '',
    scheme,
    secrets: secret === undefined ? [] : [secret],
    urlKey: scheme.type === 'url' ? maker.urlKey() : null,
    registry: input.registry ?? null,
    timeZone: input.timeZone ?? null,
  };
  return { kind: 'config', config, generatedSecret };
}

/** Blanks, or `whsec_` with no key behind it. */
function isBlank(secret: string): boolean {
  return signatureKey(secret.trim(), 'standard').length === 0;
}

function needsSecret(scheme: Scheme): boolean {
  return scheme.type !== 'url' && scheme.type !== 'none';
}

function schemeOf(input: SourceInput, byDefault: Scheme): { scheme: Scheme | null; errors: FieldError[] } {
  const { signatureHeader, signatureAlgorithm } = input;
  if (input.scheme !== undefined && (signatureHeader !== undefined || signatureAlgorithm !== undefined)) {
    const pointer = signatureHeader === undefined ? '/signatureAlgorithm' : '/signatureHeader';
    return { scheme: null, errors: [{ pointer, message: 'Give either `scheme` or this, not both.' }] };
  }
  if (input.scheme !== undefined) return chosen(resolveScheme(input.scheme), '/scheme');
  if (signatureHeader === undefined && signatureAlgorithm === undefined) return { scheme: byDefault, errors: [] };
  const type = signatureAlgorithm ?? (byDefault.type === 'token' ? 'token' : 'hmac-sha256');
  const choice = resolveScheme({ type, header: signatureHeader, prefix: impliedPrefix(type, signatureHeader) });
  return chosen(choice.kind === 'refused' ? { ...choice, pointer: '/signatureHeader' } : choice, '');
}

/** Seed 001 compares the bare hex of the header it names; only the preset's own header is known to carry a prefix. */
function impliedPrefix(type: PresetName, header: string | undefined): string | undefined {
  const preset = presetScheme(type);
  if (preset.type !== 'hmac' || header === undefined) return undefined;
  return header.toLowerCase() === preset.header.toLowerCase() ? undefined : '';
}

const SCHEME_FAULTS: Record<Extract<SchemeChoice, { kind: 'refused' }>['reason'], string> = {
  unknown_type: `One of ${PRESET_NAMES.join(', ')}.`,
  not_applicable: 'This scheme has no such setting; leave it out.',
  malformed: 'Not a valid value for this setting.',
};

function chosen(choice: SchemeChoice, base: string): { scheme: Scheme | null; errors: FieldError[] } {
  if (choice.kind === 'scheme') return { scheme: choice.scheme, errors: [] };
  return { scheme: null, errors: [{ pointer: base + choice.pointer, message: SCHEME_FAULTS[choice.reason] }] };
}

function placeErrors(input: SourceInput): FieldError[] {
  const errors: FieldError[] = [];
  if (input.registry != null && !REGISTRY.test(input.registry)) {
    errors.push({
      pointer: '/registry',
      message: 'A lower-case host with an optional port, such as "harbor.example.com".',
    });
  }
  if (input.timeZone != null && !isTimeZone(input.timeZone)) {
    errors.push({
      pointer: '/timeZone',
      message: 'An IANA name such as "Europe/Berlin" or an offset such as "+02:00".',
    });
  }
  return errors;
}
