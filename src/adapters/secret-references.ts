/** Secrets that the operator keeps outside the store: variables handed in at the start, and files of one directory. */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { parseSecretReference } from '../core/secret-reference.ts';
import type { Clock, SecretRead, SecretReferences } from '../ports.ts';

export interface SecretReferencesWiring {
  clock: Pick<Clock, 'monotonicMs'>;
  /** By name. */
  variables: Readonly<Record<string, string>>;
  /** Where files may stand; null reads none. */
  directory: string | null;
}

/** A busy subscription does not read its file for each try, and a new secret is used soon enough. */
const KEPT_MS = 5000;
const MAX_KEPT = 1000;
const MAX_FILE_BYTES = 65_536;

/** Reads references; what was found, also that nothing was, is remembered for five seconds. */
export function createSecretReferences({ clock, variables, directory }: SecretReferencesWiring): SecretReferences {
  const kept = new Map<string, { read: Promise<SecretRead>; untilMs: number }>();
  const look = async (text: string): Promise<SecretRead> => {
    const reference = parseSecretReference(text);
    switch (reference.kind) {
      case 'env':
        return fromVariable(reference.name, variables);
      case 'file':
        return fromFile(reference.path, directory);
      case 'refused':
        return missing(reference.message);
    }
  };
  return {
    read(reference) {
      const nowMs = clock.monotonicMs();
      const known = kept.get(reference);
      if (known !== undefined && nowMs < known.untilMs) return known.read;
      kept.delete(reference);
      const [oldest] = kept.size < MAX_KEPT ? [] : kept.keys();
      if (oldest !== undefined) kept.delete(oldest);
      const read = look(reference);
      kept.set(reference, { read, untilMs: nowMs + KEPT_MS });
      return read;
    },
  };
}

function missing(reason: string): SecretRead {
  return { kind: 'missing', reason };
}

function foundText(text: string): SecretRead {
  return text === '' ? missing('it is empty') : { kind: 'value', value: text };
}

function fromVariable(name: string, variables: SecretReferencesWiring['variables']): SecretRead {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  return value === undefined ? missing('the variable was not set when the process started') : foundText(value);
}

const OUTSIDE = 'it is not below the directory of secrets';

async function fromFile(path: string, directory: string | null): Promise<SecretRead> {
  if (directory === null) return missing('no directory of secrets is set (--secrets)');
  const root = resolve(directory);
  const named = resolve(root, path);
  // Judged by its name first: whether a file exists outside is nobody's business.
  if (!isBelow(named, root)) return missing(OUTSIDE);
  try {
    const [realRoot, real] = await Promise.all([realpath(root), realpath(named)]);
    return isBelow(real, realRoot) ? await contentsOf(real) : missing(OUTSIDE);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return missing(code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`);
  }
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Opened without following a link put there meanwhile, and without waiting for the other end of a pipe. */
async function contentsOf(path: string): Promise<SecretRead> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return missing('it is not a file');
    const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead > MAX_FILE_BYTES) return missing(`it is larger than ${MAX_FILE_BYTES} bytes`);
    return textOf(bytes.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function textOf(bytes: Uint8Array): SecretRead {
  try {
    return foundText(new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, ''));
  } catch {
    return missing('it is not UTF-8 text');
  }
}
