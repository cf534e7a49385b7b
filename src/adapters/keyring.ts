/** The keyring file and the sealing of secrets at rest: an AEAD with a sub-key for each purpose (HKDF, RFC 5869). */
import {
  type CipherChaCha20Poly1305,
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  type DecipherChaCha20Poly1305,
  type DecipherGCM,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import {
  associatedData,
  DEFAULT_SUITE,
  KEY_ID_BYTES,
  NONCE_BYTES,
  packSealed,
  type Suite,
  TAG_BYTES,
  unpackSealed,
} from '../core/secret.ts';
import type { Opened, SealContext, Sealer, SealingKeys } from '../ports.ts';

const KEY_BYTES = 32;
const FINGERPRINT_DIGITS = 12;

export interface SealingKey {
  /** 16 hex digits. */
  id: string;
  key: Uint8Array;
}

/** The active key seals; all open. */
export interface Keyring {
  active: SealingKey;
  keys: readonly SealingKey[];
}

export type KeyringResult = { kind: 'keyring'; keyring: Keyring } | { kind: 'unusable'; reason: string };

interface KeyringFile {
  active: string;
  keys: { id: string; key: string }[];
}

/** Reads the keyring at `path`; when there is none, makes one with a fresh key, readable by its owner alone. */
export function openKeyring(path: string): KeyringResult {
  if (isMissing(path)) writeKeyring(path);
  return readKeyring(path);
}

export type SharedKeyring =
  /** `lacking` asks which keys others have noted since that are not in it, by id. */
  | { kind: 'keyring'; keyring: Keyring; lacking(): Promise<readonly string[]> }
  | { kind: 'refused'; reason: string; remedy: string };

/**
 * Reads the keyring at `path` for a process that shares its store with others. One with a fresh key is made only when
 * nothing was sealed yet; of several processes that begin at once one keeps its own. One that lacks a key of the others,
 * or has other bytes under its id, is refused: subscriptions that it could not read would miss their events.
 */
export async function openSharedKeyring(path: string, shared: SealingKeys): Promise<SharedKeyring> {
  const fresh = isMissing(path);
  if (fresh) {
    if ((await shared.known()).length > 0) return missing(path);
    writeKeyring(path);
  }
  const read = readKeyring(path);
  if (read.kind === 'unusable') return refused(read.reason);
  const { keyring } = read;
  const held = keyring.keys.map(sealingName);
  const lacks = lackingOf(await shared.note(sealingName(keyring.active), held), held);
  if (lacks.length === 0) return { ...read, lacking: async () => lackingOf(await shared.known(), held) };
  if (!fresh) return refused(`The keyring at ${path} lacks keys that other nodes seal with: ${lacks.join(', ')}.`);
  rmSync(path);
  return missing(path);
}

function lackingOf(known: readonly string[], held: readonly string[]): readonly string[] {
  return known.filter((name) => !held.includes(name)).map((name) => name.split(':')[0] ?? name);
}

/** What a key is noted as: its id, and enough of a digest to tell it from another one that goes by the same id. */
export function sealingName({ id, key }: SealingKey): string {
  const digest = createHash('sha256').update('hookyard/keyring').update(key).digest('hex');
  return `${id}:${digest.slice(0, 16)}`;
}

function missing(path: string): SharedKeyring {
  return refused(`There is no keyring at ${path}, and other nodes seal with one already.`);
}

function refused(reason: string): SharedKeyring {
  return { kind: 'refused', reason, remedy: 'Copy keyring.json of another node there, or name it with --keyring.' };
}

/** An empty file is what a crash leaves of a first start: nothing was sealed with it yet. */
function isMissing(path: string): boolean {
  return !existsSync(path) || statSync(path).size === 0;
}

function readKeyring(path: string): KeyringResult {
  return parseKeyring(readFileSync(path, 'utf8'));
}

function writeKeyring(path: string): void {
  const id = randomBytes(KEY_ID_BYTES).toString('hex');
  const file: KeyringFile = { active: id, keys: [{ id, key: randomBytes(KEY_BYTES).toString('base64') }] };
  // On the disk before anything is sealed with it: what is accepted later outlives a power cut only together with its key.
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flush: true });
}

/** Parses a keyring file; every reason names the mistake and never the key. */
export function parseKeyring(text: string): KeyringResult {
  const file = readJson(text);
  if (!isKeyringFile(file)) return unusable('is not of the form {"active": id, "keys": [{"id", "key"}]}');
  const keys = file.keys.map(({ id, key }) => ({ id, key: new Uint8Array(Buffer.from(key, 'base64')) }));
  const wrong = keys.find(({ id, key }) => !/^[0-9a-f]{16}$/.test(id) || key.length !== KEY_BYTES || isTrivial(key));
  if (wrong) return unusable('has a key that is not 32 random bytes in base64 with an id of 16 hex digits');
  const active = keys.find(({ id }) => id === file.active);
  if (!active) return unusable('names an active key that it does not hold');
  return { kind: 'keyring', keyring: { active, keys } };
}

function unusable(reason: string): KeyringResult {
  return { kind: 'unusable', reason: `The keyring file ${reason}.` };
}

function isTrivial(key: Uint8Array): boolean {
  return new Set(key).size < 8;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isKeyringFile(value: unknown): value is KeyringFile {
  const file = value as Partial<KeyringFile> | null;
  return (
    typeof file?.active === 'string' &&
    Array.isArray(file.keys) &&
    file.keys.every((entry) => typeof entry?.id === 'string' && typeof entry.key === 'string')
  );
}

/**
 * A sealer over `keyring`. Opening never throws: a missing key and foreign bytes are both `unavailable`.
 * @param suite what is sealed from now on; what was sealed in another one opens all the same
 */
export function createSealer(keyring: Keyring, suite: Suite = DEFAULT_SUITE): Sealer {
  const subKeys = new Map<string, Uint8Array>();
  function subKey({ id, key }: SealingKey, purpose: string, of: Suite): Uint8Array {
    const name = `${id}/${purpose}/${of}`;
    const known = subKeys.get(name);
    if (known) return known;
    // A key serves one cipher. That of the default one is named as it was while there was no other.
    const use = of === DEFAULT_SUITE ? purpose : `${purpose}/${of}`;
    const made = new Uint8Array(hkdfSync('sha256', key, Buffer.alloc(0), `hookyard/${use}`, KEY_BYTES));
    subKeys.set(name, made);
    return made;
  }
  return {
    fingerprint(tenant, secret) {
      const mac = createHmac('sha256', subKey(keyring.active, 'fingerprint', DEFAULT_SUITE));
      return mac
        .update(associatedData(['secret', tenant, secret]))
        .digest('hex')
        .slice(0, FINGERPRINT_DIGITS);
    },
    seal(context, plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = ciphers[suite].seal(subKey(keyring.active, context.purpose, suite), nonce);
      cipher.setAAD(aad(context), { plaintextLength: plain.length });
      const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
      const keyId = Buffer.from(keyring.active.id, 'hex');
      return packSealed({ suite, keyId, nonce, ciphertext, tag: cipher.getAuthTag() });
    },
    open(context, sealed): Opened {
      const parts = unpackSealed(sealed);
      if (parts === null) return { kind: 'unavailable', keyId: 'unknown' };
      const keyId = Buffer.from(parts.keyId).toString('hex');
      const key = keyring.keys.find(({ id }) => id === keyId);
      if (key === undefined) return { kind: 'unavailable', keyId };
      try {
        const decipher = ciphers[parts.suite].open(subKey(key, context.purpose, parts.suite), parts.nonce);
        decipher.setAAD(aad(context), { plaintextLength: parts.ciphertext.length });
        decipher.setAuthTag(parts.tag);
        const plain = Buffer.concat([decipher.update(parts.ciphertext), decipher.final()]);
        return { kind: 'opened', plain: new Uint8Array(plain) };
      } catch {
        return { kind: 'unavailable', keyId };
      }
    },
  };
}

interface Ciphers {
  seal(key: Uint8Array, nonce: Uint8Array): CipherGCM | CipherChaCha20Poly1305;
  open(key: Uint8Array, nonce: Uint8Array): DecipherGCM | DecipherChaCha20Poly1305;
}

const WHOLE_TAG = { authTagLength: TAG_BYTES };

const ciphers: Readonly<Record<Suite, Ciphers>> = {
  'aes-256-gcm': {
    seal: (key, nonce) => createCipheriv('aes-256-gcm', key, nonce, WHOLE_TAG),
    open: (key, nonce) => createDecipheriv('aes-256-gcm', key, nonce, WHOLE_TAG),
  },
  'chacha20-poly1305': {
    seal: (key, nonce) => createCipheriv('chacha20-poly1305', key, nonce, WHOLE_TAG),
    open: (key, nonce) => createDecipheriv('chacha20-poly1305', key, nonce, WHOLE_TAG),
  },
};

function aad(context: SealContext): Uint8Array {
  return associatedData([context.purpose, context.table, context.column, context.row, context.tenant]);
}
