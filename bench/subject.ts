/** What is measured: Hookyard, or a floor, as a running process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { publishRequest } from './event.ts';
import type { MeasuredPostgres } from './postgres.ts';

export const SUBJECTS = ['hookyard', 'floor', 'floor+record'] as const;
export type SubjectName = (typeof SUBJECTS)[number];

export interface Subject {
  name: SubjectName;
  pid: number;
  /** Of the PostgreSQL it keeps things in, which works for nobody else; null with a database of its own. */
  databasePid: number | null;
  url: string;
  port: number;
  /** One whole request that publishes an event. */
  request: Buffer;
  /** Deliveries finished so far, with their outcome recorded where the subject records. */
  recorded(): Promise<number>;
  /** Asks it to stop and waits for its end. */
  stop(): Promise<void>;
}

/** Hookyard as a subject, with the key of its first tenant. */
export interface HookyardSubject extends Subject {
  apiKey: string;
  /** Statements to PostgreSQL so far that only framed transactions. */
  framing(): Promise<number>;
}

export interface SubjectOptions {
  /** Port of the sink that deliveries go to. */
  receiverPort: number;
  /** For its database; may hold one from before. */
  dataDirectory: string;
  /** The database instead of one in the directory. */
  postgres?: MeasuredPostgres | null;
  /** What several processes on one database have in common. */
  shared?: { apiKey: string; keyringPath: string };
  /** Connections to the receiver at most. */
  connections: number;
  /** Ports besides the sink's that deliveries may go to. */
  otherPorts?: readonly number[];
  /** Flags of Node itself. */
  nodeFlags?: readonly string[];
}

/** Starts a subject and resolves when it listens. */
export function startSubject(name: SubjectName, options: SubjectOptions): Promise<Subject> {
  return name === 'hookyard' ? startHookyard(options) : startFloor(name, options);
}

/** The same for Hookyard alone, whose key then comes with it. */
export async function startHookyard(options: SubjectOptions): Promise<HookyardSubject> {
  const { receiverPort, dataDirectory, otherPorts = [], nodeFlags = [], shared, postgres = null } = options;
  const apiKey = shared?.apiKey ?? freshApiKey();
  const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const hosts = [receiverPort, ...otherPorts].map((port) => `127.0.0.1:${port}`).join(',');
  const flags = ['--port', '0', '--data', dataDirectory, '--allow-hosts', hosts];
  const keyring = shared === undefined ? [] : ['--keyring', shared.keyringPath];
  const environment = {
    HOOKYARD_API_KEY: apiKey,
    ...(postgres === null ? {} : { HOOKYARD_DATABASE_URL: postgres.url }),
  };
  const beside = postgres === null ? [] : BESIDE;
  const parameters = [...nodeFlags, ...beside, cli, 'serve', ...flags, ...keyring];
  const { child, ...started } = await startProcess(parameters, environment);
  const request = publishRequest(started.url, apiKey);
  const recorded = () => closedDeliveries(started.url, apiKey);
  const framing = () => (postgres === null ? Promise.resolve(0) : framingOf(child));
  return { name: 'hookyard', ...started, databasePid: postgres?.pid ?? null, apiKey, request, recorded, framing };
}

/** A key for `HOOKYARD_API_KEY`. */
export function freshApiKey(): string {
  return `hy_${randomBytes(24).toString('base64url')}`;
}

/** The floor, or with `verify` the one for receipts, which checks signatures made with that secret. */
export async function startFloor(name: SubjectName, options: SubjectOptions & { verify?: string }): Promise<Subject> {
  const { receiverPort, dataDirectory, connections, nodeFlags = [], postgres = null, verify } = options;
  const floor = fileURLToPath(new URL('./floor.ts', import.meta.url));
  const receiver = `http://127.0.0.1:${receiverPort}/`;
  const flags = ['--data', dataDirectory, '--receiver', receiver, '--connections', `${connections}`];
  const record = name === 'floor+record' ? ['--record'] : [];
  const verifying = verify === undefined ? [] : ['--verify', verify];
  const [beside, database] = postgres === null ? [[], []] : [BESIDE, ['--database', postgres.url]];
  const parameters = [...nodeFlags, ...beside, floor, ...flags, ...record, ...verifying, ...database];
  const { child: _, ...started } = await startProcess(parameters, {});
  const recorded = async () => Number(await (await fetch(started.url)).text());
  const request = publishRequest(started.url, 'none');
  return { name, ...started, databasePid: postgres?.pid ?? null, request, recorded };
}

const BESIDE = ['--import', new URL('./beside.ts', import.meta.url).href];

type Started = Pick<Subject, 'pid' | 'url' | 'port' | 'stop'> & { child: ChildProcess };

function startProcess(parameters: readonly string[], environment: Record<string, string>): Promise<Started> {
  const child = spawn(process.execPath, parameters, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${parameters[0]} ended before it listened`)));
    let printed = '';
    const read = (text: string) => {
      printed += text;
      const [, url] = printed.match(/listens on (http:\S+)/) ?? [];
      if (url === undefined) return;
      // What follows is a log: it has to be taken off the pipe, and nobody reads it.
      child.stdout?.off('data', read).resume();
      resolve({ pid: child.pid ?? 0, url, port: Number(new URL(url).port), child, stop: () => stop(child) });
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.once('exit', (code, signal) => {
      if (code !== 0) process.stderr.write(`${parameters.join(' ')} ended with ${code ?? signal}: ${errors}\n`);
    });
  });
}

function framingOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (count: number) => resolve(count));
    child.send('framing');
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

async function closedDeliveries(url: string, apiKey: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}: ${text}`);
  const lines = text.matchAll(/^hookyard_deliveries_closed_total\{[^}]*status="succeeded"[^}]*\} (\d+)$/gm);
  return lines.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Gives Hookyard its one subscription: signed, to the sink. */
export async function subscribe(subject: Subject, receiverPort: number, maxConcurrency: number): Promise<void> {
  const [, authorization = ''] = subject.request.toString('latin1').match(/^authorization: (.*)\r$/m) ?? [];
  const answer = await fetch(`${subject.url}/api/v1/webhook-subscriptions`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'sink',
      url: `http://127.0.0.1:${receiverPort}/`,
      profile: 'standard',
      authType: 'signature',
      signatureSecret: `whsec_${randomBytes(32).toString('base64')}`,
      maxConcurrency,
    }),
  });
  if (answer.status !== 201) throw new Error(`the subscription was answered ${answer.status}: ${await answer.text()}`);
}
