import { mkdirSync } from 'node:fs';

/** Makes the directory that holds an installation's data; nobody else may look into it. */
export function openDataDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}
