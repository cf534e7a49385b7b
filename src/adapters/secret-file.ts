import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { KeptSecret, SecretFile } from '../ports.ts';

/** The file at `path` as the place of one secret. */
export function secretFileAt(path: string): SecretFile {
  return {
    path,
    kept: () => keptSecret(path),
    open: (make) => openSecretFile(path, make),
    replace: (text) => replaceSecret(path, text),
  };
}

/** The secret in the file at `path`; null when there is none. */
function keptSecret(path: string): string | null {
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  return kept === '' ? null : kept;
}

/**
 * The secret in the file at `path`; made with `make` and readable by its owner alone when there is none. An empty file
 * is what a crash between making and writing it leaves behind.
 */
export function openSecretFile(path: string, make: () => string): KeptSecret {
  const kept = keptSecret(path);
  if (kept !== null) return { secret: kept, fresh: false };
  const secret = make();
  writeFileSync(path, `${secret}\n`, { mode: 0o600, flush: true });
  return { secret, fresh: true };
}

/** An empty file would be taken for one that was never written, so it is never there in part. */
function replaceSecret(path: string, text: string): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, `${text}\n`, { mode: 0o600, flush: true });
  renameSync(fresh, path);
}
