import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export interface SecretFile {
  secret: string;
  /** True when it was made by this call. */
  fresh: boolean;
}

/** The secret in the file at `path`; null when there is none. */
export function keptSecret(path: string): string | null {
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  return kept === '' ? null : kept;
}

/**
 * The secret in the file at `path`; made with `make` and readable by its owner alone when there is none. An empty file
 * is what a crash between making and writing it leaves behind.
 */
export function openSecretFile(path: string, make: () => string): SecretFile {
  const kept = keptSecret(path);
  if (kept !== null) return { secret: kept, fresh: false };
  const secret = make();
  writeFileSync(path, `${secret}\n`, { mode: 0o600, flush: true });
  return { secret, fresh: true };
}
