/** Signatures as senders write them by mistake, read as far as they can be. Only for diagnosing, never for judging. */
import { fromBase64, fromCanonicalBase64, fromHex } from './encoding.ts';
import { DIGEST_BYTES, type Signing } from './scheme.ts';

/** A signature and what is right or wrong about how it is written. */
export interface WrittenMac {
  bytes: Uint8Array;
  prefix: 'right' | 'missing' | 'extra' | 'other';
  encoding: MacEncoding;
  /** Whether spaces or quotation marks stand around it. */
  padded: boolean;
}

export type MacEncoding = 'hex' | 'base64' | 'base64 with - and _' | 'base64 without padding' | 'base64 of hex text';

const LENGTHS: readonly number[] = Object.values(DIGEST_BYTES);
const LABEL = /^[a-z0-9-]{1,24}[=:,] ?/i;
/** More entries than any sender has reason to send. */
const MAX_ENTRIES = 16;

type Form = Pick<Signing, 'prefix' | 'separator'>;

/** Every signature in the value of a header, those behind the right prefix first. */
export function writtenMacs(value: string, { prefix, separator }: Form): WrittenMac[] {
  const entries = separator === null ? [value] : value.split(separator).slice(0, MAX_ENTRIES);
  const macs = entries.flatMap((entry) => readEntry(entry, prefix) ?? []);
  return macs.sort((a, b) => Number(b.prefix === 'right') - Number(a.prefix === 'right'));
}

/** A text without the spaces and quotation marks around it. */
export function bare(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2');
}

function readEntry(entry: string, prefix: string): WrittenMac | null {
  const text = bare(entry);
  for (const { fault, rest } of behindPrefix(text, prefix)) {
    const mac = decoded(rest);
    if (mac !== null) return { ...mac, prefix: fault, padded: text !== entry };
  }
  return null;
}

/** What is left of a text when what may be its prefix is taken off. */
function behindPrefix(text: string, prefix: string): { fault: WrittenMac['prefix']; rest: string }[] {
  const label = LABEL.exec(text)?.[0];
  const own = text.startsWith(prefix) ? [{ fault: 'right' as const, rest: text.slice(prefix.length) }] : [];
  if (label === undefined) return [...own, { fault: 'missing', rest: text }];
  return [...own, { fault: prefix === '' ? 'extra' : 'other', rest: text.slice(label.length) }];
}

function decoded(text: string): Pick<WrittenMac, 'bytes' | 'encoding'> | null {
  const hex = fromHex(text);
  if (hex !== null && isDigest(hex)) return { bytes: hex, encoding: 'hex' };
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = fromBase64(standard);
  if (bytes === null || text === '') return null;
  const inner = fromHex(String.fromCharCode(...bytes.subarray(0, 128)));
  if (inner !== null && isDigest(inner)) return { bytes: inner, encoding: 'base64 of hex text' };
  if (!isDigest(bytes)) return null;
  if (standard !== text) return { bytes, encoding: 'base64 with - and _' };
  const isCanonical = fromCanonicalBase64(text) !== null;
  return { bytes, encoding: isCanonical ? 'base64' : 'base64 without padding' };
}

function isDigest({ length }: Uint8Array): boolean {
  return LENGTHS.includes(length);
}
