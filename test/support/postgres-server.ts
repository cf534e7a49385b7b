/**
 * A real PostgreSQL for tests, from the binaries of an npm package: one server for a test process, in a directory that
 * is gone afterwards. It keeps nothing over a crash of the machine, so it does not sync.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { eventually } from './eventually.ts';
import { asUser, type PostgresVersion, reachableBinaries } from './postgres-binaries.ts';
import { childrenOf, sent } from './processes.ts';

export type { PostgresVersion } from './postgres-binaries.ts';

/** How a server goes down: at once, as after a loss of power, or by ending all sessions first. */
export type Ending = 'immediate' | 'fast';

export interface PostgresServer {
  /** Of the server's own database, for one that may make others; over TCP when it listens there. */
  url: string;
  /** The server's own process. */
  pid(): number;
  /** Down and up again, with the same data and under the same address. */
  restart(ending: Ending): Promise<void>;
  /** Every process of the server at once, as `kill -9` does; `start` brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** The server stands still with all its connections open; it answers nobody until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Ends the sessions whose application's name is like this; how many there were. */
  terminateAll(applicationName: string): Promise<number>;
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  /** By name, instead of those below and of PostgreSQL's own. */
  settings?: Readonly<Record<string, string>>;
  /** Listens on a free port of 127.0.0.1 too. */
  tcp?: boolean;
}

/**
 * Ends the server when its input ends, and so with the test process, however that ends; also one that stands still. A
 * quick end: there is nothing to keep.
 */
const UNTIL_INPUT_ENDS = [
  'exec 3<&0',
  '"$@" 3<&- & server=$!',
  '{ cat <&3 >/dev/null; kill -QUIT $server; kill -CONT $server; } & watch=$!',
  'wait $server; code=$?; kill $watch; exit $code',
].join('\n');

/** Faults of processes lose nothing without syncing, as long as the machine goes on. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '60',
};

const SIGNALS: Readonly<Record<Ending, NodeJS.Signals>> = { immediate: 'SIGQUIT', fast: 'SIGINT' };

/** Starts a server of that version on a socket in a directory of its own. */
export async function startPostgres(
  version: PostgresVersion,
  options: PostgresServerOptions = {},
): Promise<PostgresServer> {
  const directory = ownedDirectory();
  const binaries = reachableBinaries(version, directory);
  const data = join(directory, 'data');
  execFileSync(
    join(binaries, 'bin/initdb'),
    ['-D', data, '-U', 'hookyard', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...asUser, cwd: directory, stdio: 'pipe' },
  );
  const port = options.tcp === true ? await freePort() : 5432;
  const settings = {
    ...SETTINGS,
    listen_addresses: options.tcp === true ? '127.0.0.1' : '',
    unix_socket_directories: directory,
    port: String(port),
    ...options.settings,
  };
  const url =
    options.tcp === true
      ? `postgres://hookyard@127.0.0.1:${port}/postgres`
      : `postgres://hookyard@localhost:${port}/postgres?host=${encodeURIComponent(directory)}`;
  const start = () => started({ program: join(binaries, 'bin/postgres'), directory, data, settings, url });
  const server = handles(url, start, await start());
  return {
    ...server,
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Launch {
  program: string;
  directory: string;
  data: string;
  settings: Readonly<Record<string, string>>;
  url: string;
}

interface Running {
  shell: ChildProcess;
  pid: number;
}

/** Resolves when it answers. */
async function started({ program, directory, data, settings, url }: Launch): Promise<Running> {
  const log = join(directory, 'log');
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const shell = spawn('/bin/sh', ['-c', `{ ${UNTIL_INPUT_ENDS}\n} 2>>"${log}"`, 'sh', program, '-D', data, ...given], {
    ...asUser,
    cwd: directory,
    stdio: ['pipe', 'ignore', 'ignore'],
    // Out of the group that is told to end with the tests: the shell has to live until it has ended the server.
    detached: true,
  });
  await ready(url, shell, log);
  return { shell, pid: Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10) };
}

function handles(url: string, start: () => Promise<Running>, first: Running): PostgresServer {
  let running = first;
  const signal = (to: NodeJS.Signals, pids: readonly number[]) => {
    for (const pid of pids) sent(pid, to);
  };
  const end = async (how: () => void) => {
    const gone = exited(running.shell);
    how();
    await gone;
  };
  const up = async () => {
    running = await start();
  };
  const thaw = () => signal('SIGCONT', [...childrenOf(running.pid), running.pid]);
  return {
    url,
    pid: () => running.pid,
    restart: async (ending) => {
      await end(() => signal(SIGNALS[ending], [running.pid]));
      await up();
    },
    // The server first, so that it starts no more of them.
    kill: () => end(() => signal('SIGKILL', [running.pid, ...childrenOf(running.pid)])),
    start: up,
    freeze: () => {
      signal('SIGSTOP', [running.pid]);
      signal('SIGSTOP', childrenOf(running.pid));
    },
    thaw,
    terminateAll: (applicationName) => terminated(url, applicationName),
    stop: async () => {
      thaw();
      await end(() => running.shell.stdin?.end());
    },
  };
}

async function terminated(url: string, applicationName: string): Promise<number> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const { rows } = await admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1 and pid <> pg_backend_pid()',
    [applicationName],
  );
  await admin.end();
  return rows.length;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function ownedDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-postgres-'));
  if (asUser.uid !== undefined) chownSync(directory, asUser.uid, asUser.gid);
  chmodSync(directory, 0o700);
  return directory;
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

async function exited(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  await once(server, 'exit');
}
