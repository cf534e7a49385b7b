/** The program as a user gets it: packed, installed in an empty folder, started by its name. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const INSTALL_WITHIN_MS = 180_000;

/** npm and the installed program run on the Node that runs the tests. */
const PATH = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);

/** Long, as it costs only who does not start. */
const MAX_SILENCE_MS = 60_000;

export interface Installed {
  /** The installed package. */
  directory: string;
  /** A folder of its own for each caller, gone with the installation. */
  folder(name: string): string;
  /** Starts `hookyard` with arguments and nothing in its environment but `environment`. */
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): Started;
  remove(): void;
}

export interface Started {
  /** Resolves with what follows `prefix` on the first line that begins so; rejects when the program ends first or takes too long. */
  says(prefix: string): Promise<string>;
  /** Sends SIGTERM and resolves with the exit code, null when a signal ended it. */
  terminate(): Promise<number | null>;
}

/** Packs the project as it stands and installs it. Needs the registry for its dependencies. */
export function install(): Installed {
  const home = mkdtempSync(join(tmpdir(), 'hookyard-installed-'));
  const user = join(home, 'user');
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{ "private": true }');
  npm(ROOT, ['pack', '--pack-destination', home]);
  const tarballs = readdirSync(home).filter((name) => name.endsWith('.tgz'));
  npm(user, ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs.map((name) => join(home, name))]);
  return {
    directory: join(user, 'node_modules/hookyard'),
    folder(name) {
      const path = join(home, name);
      mkdirSync(path);
      return path;
    },
    start(args, environment = {}) {
      const env = { PATH, HOME: home, ...environment };
      return started(spawn(join(user, 'node_modules/.bin/hookyard'), args, { cwd: user, env }));
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

function npm(cwd: string, args: readonly string[]): void {
  // Settings of the npm that runs the tests are not those of a user.
  const own = Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD$)/i.test(name));
  const env = { ...Object.fromEntries(own), PATH };
  // Without a registry npm tries again for minutes; failing says so sooner.
  execFileSync('npm', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: INSTALL_WITHIN_MS });
}

function started(child: ChildProcess): Started {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const wake = () => {
    for (const look of waiting) look();
  };
  const listen = (stream: NodeJS.ReadableStream | null) => {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  };
  listen(child.stdout);
  listen(child.stderr);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      ended = true;
      wake();
      resolve(code);
    });
  });
  return {
    says: (prefix) =>
      new Promise((resolve, reject) => {
        const settle = (decide: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          decide();
        };
        const fail = (why: string) => settle(() => reject(new Error(`${why} "${prefix}":\n${lines.join('\n')}`)));
        const look = () => {
          const line = lines.find((candidate) => candidate.startsWith(prefix));
          if (line !== undefined) settle(() => resolve(line.slice(prefix.length).trim()));
          else if (ended) fail('it ended and never said');
        };
        const timer = setTimeout(() => fail(`for ${MAX_SILENCE_MS} ms it never said`), MAX_SILENCE_MS);
        waiting.add(look);
        look();
      }),
    terminate: () => {
      child.kill('SIGTERM');
      return exit;
    },
  };
}
