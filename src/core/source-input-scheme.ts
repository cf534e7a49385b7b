/** Which scheme a caller means: by `scheme`, or by the two fields of seed 001. */
import { isFramingHeader } from './header.ts';
import { isCredentialHeader } from './inbound-headers.ts';
import type { FieldError } from './problem.ts';
import {
  COVERS,
  MAX_TOLERANCE_SECONDS,
  PRESET_NAMES,
  type PresetName,
  presetScheme,
  resolveScheme,
  type Scheme,
  type SchemeChoice,
  type SchemeInput,
} from './signature/schemes.ts';

export interface SourceSchemeInput {
  scheme?: SchemeInput | undefined;
  /** Seed 001's way to say the same as `scheme.header`. */
  signatureHeader?: string | undefined;
  /** Seed 001's way to say the same as `scheme.type` for a keyed hash. */
  signatureAlgorithm?: 'hmac-sha256' | 'hmac-sha1' | undefined;
}

/** The scheme that is meant, or null and what is wrong with it. */
export interface SchemeRead {
  scheme: Scheme | null;
  errors: readonly FieldError[];
}

/** Reads the scheme; `byDefault` is that of the source's type. */
export function readScheme(input: SourceSchemeInput, byDefault: Scheme): SchemeRead {
  const { signatureHeader, signatureAlgorithm } = input;
  const named = signatureHeader !== undefined || signatureAlgorithm !== undefined;
  if (input.scheme === undefined) return named ? fromSeed(input, byDefault) : { scheme: byDefault, errors: [] };
  if (!named) return chosen(resolved(input.scheme), '/scheme');
  const pointer = signatureHeader === undefined ? '/signatureAlgorithm' : '/signatureHeader';
  return { scheme: null, errors: [{ pointer, message: 'Give either `scheme` or this, not both.' }] };
}

function fromSeed({ signatureHeader, signatureAlgorithm }: SourceSchemeInput, byDefault: Scheme): SchemeRead {
  const type = signatureAlgorithm ?? typeOf(byDefault);
  const own = byDefault.type === 'hmac' && typeOf(byDefault) === type ? byDefault : null;
  const header = signatureHeader ?? own?.header;
  if (own !== null && header === own.header) return { scheme: own, errors: [] };
  const prefix = impliedPrefix(type, header, own);
  // What a sender signs, and how it writes that, stays what it is wherever it puts it.
  const choice = resolved({ type, header, prefix, encoding: own?.encoding, covers: own?.covers });
  return chosen(choice.kind === 'refused' ? { ...choice, pointer: '/signatureHeader' } : choice, '');
}

function typeOf(byDefault: Scheme): PresetName {
  if (byDefault.type === 'token') return 'token';
  return byDefault.type === 'hmac' ? `hmac-${byDefault.hash}` : 'hmac-sha256';
}

/** Seed 001 compares the bare hex of the header it names; only known headers are known to carry a prefix. */
function impliedPrefix(type: PresetName, header: string | undefined, own: Scheme | null): string | undefined {
  if (header === undefined || presetScheme(type).type !== 'hmac') return undefined;
  const known = [own, presetScheme(type)].find(
    (scheme) => scheme?.type === 'hmac' && scheme.header.toLowerCase() === header.toLowerCase(),
  );
  return known?.type === 'hmac' ? known.prefix : '';
}

/**
 * What every message has, or none, is no place for a proof; and ids and times are shown, so they cannot stand where a
 * credential does. Such names are refused when they are given, not later.
 */
function resolved(input: SchemeInput): SchemeChoice {
  const wrong = (['header', 'timestampHeader', 'idHeader'] as const).find((setting) => {
    const name = input[setting] ?? '';
    return isFramingHeader(name.toLowerCase()) || (setting !== 'header' && isCredentialHeader(name));
  });
  const choice = resolveScheme(input);
  if (wrong === undefined || choice.kind === 'refused') return choice;
  return { kind: 'refused', pointer: `/${wrong}`, reason: 'malformed' };
}

type Refusal = Extract<SchemeChoice, { kind: 'refused' }>;

const HEADER_NAME = 'The name of a header, but for those that frame a message or belong to its connection.';
/** The value of it is shown in receipts. */
const COVERED_NAME = `${HEADER_NAME} None that holds a credential or a signature: its value is shown in receipts.`;

/** What each setting takes, by its pointer. */
const TAKES: Readonly<Record<string, string>> = {
  '/header': `${HEADER_NAME} With standard-webhooks it ends in "-signature".`,
  '/prefix': 'Up to 64 printable ASCII characters.',
  '/encoding': 'One of hex, base64.',
  '/covers': `One of ${COVERS.join(', ')}.`,
  '/timestampHeader': COVERED_NAME,
  '/idHeader': COVERED_NAME,
  '/toleranceSeconds': `A whole number from 1 to ${MAX_TOLERANCE_SECONDS}.`,
};

function faultOf({ reason, pointer }: Refusal): string {
  switch (reason) {
    case 'unknown_type':
      return `One of ${PRESET_NAMES.join(', ')}.`;
    case 'later':
      return `It comes in a later version. This one has ${PRESET_NAMES.join(', ')}.`;
    case 'not_applicable':
      return 'This scheme has no such setting; leave it out.';
    case 'required':
      return 'Needed with what `covers` says is signed.';
    case 'malformed':
      return TAKES[pointer] ?? HEADER_NAME;
  }
}

function chosen(choice: SchemeChoice, base: string): SchemeRead {
  if (choice.kind === 'scheme') return { scheme: choice.scheme, errors: [] };
  return { scheme: null, errors: [{ pointer: base + choice.pointer, message: faultOf(choice) }] };
}
