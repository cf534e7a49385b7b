import { spelledBodies } from './body-spelling.ts';
import { changedScheme, orSet, schemeAsWritten } from './cure.ts';
import type { DiagnosedCase } from './diagnosed-case.ts';
import { utf8, wireText } from './encoding.ts';
import { formPayload } from './form-payload.ts';
import { headerFault } from './header-fault.ts';
import { spelledKeys } from './key-spelling.ts';
import { type Diagnosis, diagnosed, type MistakeCode } from './mistake.ts';
import {
  ageSeconds,
  isForm,
  type Proof,
  proofFault,
  providedMacs,
  type Refused,
  readProof,
  signedMessage,
  usableKeys,
} from './plan.ts';
import { type Covers, type HashName, hashOfLength, isTimed, type Signing } from './scheme.ts';
import { COVERS, MAX_TOLERANCE_SECONDS } from './schemes.ts';
import { bare, writtenMacs } from './signature-text.ts';

/** Why a request with a MAC was refused: first what its headers say, then what the MAC may have been made of. */
export function diagnoseMac(signing: Signing, given: DiagnosedCase): Diagnosis {
  const keys = usableKeys(given.secrets, signing.keyStyle);
  if (keys.length === 0) return diagnosed('no_secret');
  const proof = readProof(signing, given.request.headers);
  if ('kind' in proof) return headerFault(signing, proof, given);
  if (isSecret(proof.signatures, signing, given)) return secretSent(signing, given);
  const fault = proofFault(signing, proof, given.nowMs);
  if (fault !== null) return momentFault(signing, fault, proof, given);
  const provided = providedMacs(signing, proof);
  if ('kind' in provided) return writingFault(signing, proof, given);
  const covered = coveredBytes(signing, given);
  if (covered === null) return diagnosed('form_malformed');
  return firstMatch(signing, { provided, proof, keys, covered }, given) ?? diagnosed('unexplained');
}

/** Whether what should be a signature is the secret itself, whatever stands before it. */
function isSecret(value: string, { prefix }: Signing, { secrets }: DiagnosedCase): boolean {
  const text = bare(value);
  const texts = [text, text.startsWith(prefix) ? text.slice(prefix.length) : text, text.replace(/^\S+ +/, '')];
  return secrets.some((secret) => texts.includes(wireText(secret)));
}

function secretSent({ header }: Signing, given: DiagnosedCase): Diagnosis {
  return diagnosed('secret_sent', { header, or: orSet([{ type: 'token', header }], given) });
}

const MILLISECONDS = /^[0-9]{13}$/;

function momentFault(
  signing: Signing,
  { reason, header = '' }: Refused,
  proof: Proof,
  given: DiagnosedCase,
): Diagnosis {
  if (reason === 'bad_id') return diagnosed('bad_id', { header });
  if (reason === 'bad_timestamp') {
    const isMilliseconds = MILLISECONDS.test(proof.timestamp);
    return diagnosed(isMilliseconds ? 'timestamp_milliseconds' : 'timestamp_malformed', { header });
  }
  const age = ageSeconds(proof.timestamp, given.nowMs);
  const direction = age > 0 ? 'in the past' : 'in the future';
  const tolerance = duration(signing.toleranceSeconds);
  const or = Math.abs(age) > MAX_TOLERANCE_SECONDS ? '' : ', or raise `toleranceSeconds` of the scheme';
  return diagnosed('clock', { aside: duration(Math.abs(age)), direction, tolerance, or });
}

const UNITS: readonly [string, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

function duration(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds >= 2 * length) ?? ['second', 1];
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const HASH_WORDS: Readonly<Record<HashName, string>> = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' };

/** What is wrong with how the signature is written. */
function writingFault(signing: Signing, { signatures }: Proof, given: DiagnosedCase): Diagnosis {
  const { hash, header, prefix, encoding, separator } = signing;
  const [mac] = writtenMacs(signatures, { prefix, separator });
  if (mac === undefined) return diagnosed('malformed', { header });
  const found = hashOfLength(mac.bytes.length);
  const or = orSet([schemeAsWritten(signing, header, signatures, given.secrets)], given);
  if (found !== undefined && found !== hash) {
    return diagnosed('algorithm', { header, found: HASH_WORDS[found], expected: HASH_WORDS[hash], or });
  }
  if (mac.prefix !== 'right') return diagnosed(`prefix_${mac.prefix}`, { header, prefix, or });
  if (mac.encoding !== encoding) return diagnosed('encoding', { header, found: mac.encoding, expected: encoding, or });
  return diagnosed(mac.padded ? 'whitespace' : 'malformed', { header });
}

/** The part of the message that comes from the body. */
function coveredBytes({ covers }: Signing, { request }: DiagnosedCase): Uint8Array | null {
  return covers === 'form-payload' && isForm(request.headers) ? formPayload(request.body) : request.body;
}

interface Made {
  provided: readonly Uint8Array[];
  proof: Proof;
  keys: readonly Uint8Array[];
  covered: Uint8Array;
}

interface Attempt {
  code: MistakeCode;
  key: Uint8Array;
  message: Uint8Array;
  words?: Readonly<Record<string, string>>;
}

/** The first mistake that would have made one of the MACs that came. */
function firstMatch(signing: Signing, made: Made, given: DiagnosedCase): Diagnosis | null {
  for (const { code, key, message, words } of attempts(signing, made, given)) {
    const wanted = given.mac.hmac(signing.hash, key, message);
    if (made.provided.some((bytes) => given.mac.equal(bytes, wanted))) return diagnosed(code, words);
  }
  return null;
}

/** What programs make of a variable that is not set, when they take it for a text. */
const NO_SECRET = ['', 'undefined', 'null', 'None'] as const;

function* attempts(signing: Signing, made: Made, given: DiagnosedCase): Generator<Attempt> {
  const message = framed(signing.covers, made, made.covered);
  for (const word of NO_SECRET) yield { code: 'empty_key', key: utf8(word), message };
  for (const secret of given.secrets) {
    for (const { code, key } of spelledKeys(secret, signing.keyStyle)) yield { code, key, message };
  }
  for (const key of usableKeys(given.stale, signing.keyStyle)) yield { code: 'stale_secret', key, message };
  const parts = otherParts(signing, made, given);
  for (const key of made.keys) yield* parts.map((part) => ({ ...part, key }));
  for (const { code, bytes } of spelledBodies(made.covered)) {
    const other = framed(signing.covers, made, bytes);
    for (const key of made.keys) yield { code, key, message: other };
  }
}

/** Other parts of the request than the scheme covers. */
function otherParts(signing: Signing, made: Made, given: DiagnosedCase): Omit<Attempt, 'key'>[] {
  const { covers: expected } = signing;
  const { request, secrets } = given;
  const parts: Omit<Attempt, 'key'>[] = [];
  const or = (covers: Covers) => orSet([changedScheme(signing, { covers }, secrets)], given);
  const payload = isForm(request.headers) ? formPayload(request.body) : null;
  if (payload !== null) parts.push(otherForm(signing, made, { body: request.body, payload, or }));
  if (signing.timestamp === null) return parts;
  parts.push({ code: 'timestamp_not_signed', message: made.covered, words: { expected, or: or('body') } });
  for (const found of COVERS) {
    if (!isTimed(found) || found === expected || (found === 'id.timestamp.body' && made.proof.id === '')) continue;
    parts.push({
      code: 'covers_other',
      message: framed(found, made, made.covered),
      words: { found, expected, or: or(found) },
    });
  }
  return parts;
}

interface Form {
  body: Uint8Array;
  payload: Uint8Array;
  or(covers: Covers): string;
}

function otherForm(signing: Signing, made: Made, { body, payload, or }: Form): Omit<Attempt, 'key'> {
  const [form, json] = ['the whole of it', 'the JSON in `payload`'];
  return signing.covers === 'form-payload'
    ? { code: 'form_payload', message: body, words: { found: form, expected: json, or: or('body') } }
    : {
        code: 'form_payload',
        message: framed(signing.covers, made, payload),
        words: { found: json, expected: form, or: signing.covers === 'body' ? or('form-payload') : '' },
      };
}

/** What would be signed if these bytes were what comes from the body. */
function framed(covers: Covers, { proof }: Pick<Made, 'proof'>, covered: Uint8Array): Uint8Array {
  const part = covers === 'form-payload' ? 'body' : covers;
  return signedMessage({ covers: part }, proof, { headers: () => [], body: covered }) ?? covered;
}
