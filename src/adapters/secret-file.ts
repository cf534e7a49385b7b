import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface SecretFile {
  secret: string;
  /** True when it was made by this call. */
  fresh: boolean;
}

/** The secret in the file at `path`; made with `make` and readable by its owner alone when there is none. */
export function openSecretFile(path: string, make: () => string): SecretFile {
  if (existsSync(path)) return { secret: readFileSync(path, 'utf8').trim(), fresh: false };
  const secret = make();
  const file = openSync(path, 'wx', 0o600);
  writeSync(file, `${secret}\n`);
  closeSync(file);
  return { secret, fresh: true };
}
