/** Hookyard as its users meet it: a process of its own, spoken to over HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, setGlobalDispatcher } from 'undici';
import { eventually } from './eventually.ts';

// No connection waits for a next request: one that the server has closed when it was idle may look open still to a test
// that stood still meanwhile, and what is sent on it fails.
setGlobalDispatcher(new Agent({ pipelining: 0 }));

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Long, as it costs only who does not start. */
const START_TIMEOUT_MS = 60_000;
/** Characters of a log that lacks what was waited for. */
const MAX_TOLD = 4000;

/** The admin key of instances started with `startHookyard`, unless told otherwise. */
export const ADMIN_KEY = 'hky_kQ7vR2mX9pLw4ZtB6nYc3JdFsHgE8uTa';

export interface StartOptions {
  /** After `serve --port 0 --data <directory>`. */
  flags?: readonly string[];
  /** Beside HOOKYARD_API_KEY; undefined takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
  /** A fresh one unless told. */
  dataDirectory?: string;
  /** The program; the command line itself unless told. */
  main?: string;
  /** How long it may take until it listens. */
  startTimeoutMs?: number;
}

/** One wrong field, as problems name it. */
export interface FieldShown {
  pointer: string;
  message: string;
}

/** The fields of `application/problem+json`. */
export interface ProblemShown {
  status: number;
  success: boolean;
  code: string;
  title: string;
  detail: string;
  remedy: string;
  agent_action: string;
  errors?: readonly FieldShown[];
}

/** An answer of the API. `data` is of the envelope; `problem` and `flat` are the whole body. */
export interface Answer<Data> {
  status: number;
  headers: Headers;
  text: string;
  data: Data;
  meta: { nextCursor: string | null; prevCursor: string | null };
  problem: ProblemShown;
  flat: Readonly<Record<string, unknown>>;
}

/** Calls the management API. A string body is sent as it is, anything else as JSON; `path` may be a whole URL. */
export type Api = <Data = Readonly<Record<string, unknown>>>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer<Data>>;

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A process that may not have printed its line yet. */
export interface Spawned {
  pid: number;
  dataDirectory: string;
  /** Resolves with the URL it prints once it accepts requests; rejects when it ends before that. */
  listening: Promise<string>;
  exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

export interface RunningHookyard extends Omit<Spawned, 'listening'> {
  url: string;
  api: Api;
  /**
   * Waits until this was printed: lines come by a pipe, later than the answer that tells of the same.
   * @returns everything that came until then, of both streams
   */
  logged(text: string): Promise<string>;
  /** Everything printed up to now, on both streams: it has a last line printed and waits for that. */
  logs(): Promise<string>;
  /** SIGTERM, and the exit that follows. */
  stop(): Promise<Exit>;
}

/** A fresh directory in the system's temporary one. */
export function freshDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'hookyard-journey-'));
}

/** Starts `hookyard serve` and waits until it listens. One that does not is ended before this rejects. */
export async function startHookyard(options: StartOptions = {}): Promise<RunningHookyard> {
  const spawned = spawnHookyard(options);
  const url = await spawned.listening.catch(async (error: unknown) => {
    await spawned.kill('SIGKILL');
    throw error;
  });
  const api = apiOf(url, ADMIN_KEY);
  const logged = (text: string) => {
    const printed = () => spawned.stdout() + spawned.stderr();
    return eventually(`"${text}" in the log`, (saw) => {
      saw(printed().slice(-MAX_TOLD));
      return printed().includes(text) ? printed() : null;
    });
  };
  return {
    ...spawned,
    url,
    api,
    logged,
    logs: async () => logged(await printLine(api)),
    stop: () => spawned.kill('SIGTERM'),
  };
}

/** Has the process print a line that it prints at once; what stands in that line and in none before. */
async function printLine(api: Api): Promise<string> {
  // Public, but nothing is ever sent there: it is switched off.
  const unverified = { name: 'mark', url: 'https://1.1.1.1/', sslVerification: false, enabled: false };
  const { status, data, text } = await api<{ id: string }>('POST', '/api/v1/webhook-subscriptions', unverified);
  if (status !== 201) throw new Error(`the line was not printed: ${text}`);
  await api('DELETE', `/api/v1/webhook-subscriptions/${data.id}`);
  return data.id;
}

/** Starts `hookyard serve` without waiting for anything. */
export function spawnHookyard(options: StartOptions = {}): Spawned {
  const dataDirectory = options.dataDirectory ?? freshDirectory();
  const args = [options.main ?? MAIN, 'serve', '--port', '0', '--data', dataDirectory, ...(options.flags ?? [])];
  const child = spawn(process.execPath, args, {
    env: environment(options.env ?? {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const exited = exitOf(child, output);
  const listening = lineOf(child, output, exited, options.startTimeoutMs ?? START_TIMEOUT_MS);
  // Whoever starts a process that is meant to be refused looks at `exited` alone.
  listening.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    dataDirectory,
    listening,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    kill(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** Only what every process needs: settings of the surrounding shell must not reach an instance under test. */
function environment(given: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, HOOKYARD_API_KEY: ADMIN_KEY, ...given };
}

interface Output {
  stdout: string;
  stderr: string;
}

function collect(child: ChildProcess): Output {
  const output: Output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return output;
}

async function exitOf(child: ChildProcess, output: Output): Promise<Exit> {
  // `close` comes after both streams ended, so nothing printed is missing.
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...output };
}

function lineOf(child: ChildProcess, output: Output, exited: Promise<Exit>, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${why}\n${output.stdout}${output.stderr}`));
    const timer = setTimeout(() => fail(`hookyard did not listen within ${timeoutMs} ms`), timeoutMs);
    child.stdout?.on('data', () => {
      const url = /listens on (http:\/\/\S+)/.exec(output.stdout)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    exited.then(({ code }) => {
      clearTimeout(timer);
      fail(`hookyard ended with code ${code} before it listened`);
    }, reject);
  });
}

/** The API at `url` for the holder of `key`; without a key, calls carry none. */
export function apiOf(url: string, key: string | null): Api {
  return async <Data>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<Data>> => {
    const response = await fetch(path.startsWith('http') ? path : url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, ...readBody<Data>(text) };
  };
}

function readBody<Data>(text: string): Pick<Answer<Data>, 'data' | 'meta' | 'problem' | 'flat'> {
  // What the API promises to send is what the tests are about to check; here it is only given its type.
  const flat = (isJson(text) ? JSON.parse(text) : {}) as Answer<Data>['flat'] & Pick<Answer<Data>, 'data' | 'meta'>;
  return { data: flat.data, meta: flat.meta, problem: flat as unknown as ProblemShown, flat };
}

function isJson(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[');
}
