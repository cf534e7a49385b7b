/** Hookyard as a library, and the only place where adapters meet flows. */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from './adapters/clock.ts';
import { openDataDirectory } from './adapters/data-directory.ts';
import { createGate, ownAddresses } from './adapters/gate.ts';
import { createSealer, openKeyring } from './adapters/keyring.ts';
import { createLog } from './adapters/log.ts';
import { createMac } from './adapters/mac.ts';
import { memoryBytes, openFiles } from './adapters/machine.ts';
import { createMetrics } from './adapters/metrics.ts';
import { createRandom } from './adapters/random.ts';
import { createResolver } from './adapters/resolver.ts';
import { openSecretFile } from './adapters/secret-file.ts';
import { createSender } from './adapters/sender.ts';
import { openSqliteStore } from './adapters/sqlite/store.ts';
import { DEFAULT_TENANT } from './core/ids.ts';
import { createAuthenticate } from './flows/authenticate.ts';
import { createConfigurationCache, type FlowPorts } from './flows/configuration.ts';
import { ensureAdminKey } from './flows/ensure-admin-key.ts';
import { freshKey, keyRow } from './flows/keys.ts';
import type { Clock, KeyRow, Log, Ports, Store } from './ports.ts';
import { type App, createApp } from './server/app.ts';
import { admissionOn } from './server/load.ts';
import { createListener, limitConnections } from './server/node.ts';
import type { Readiness } from './server/options.ts';
import { type Janitor, startJanitor } from './worker/janitor.ts';
import { createWorker, DEFAULT_LIMITS, type Worker } from './worker/loop.ts';

export const VERSION = '0.1.0';

export interface HookyardOptions {
  /** Database, lock, sealing key and admin key; made when it does not exist. */
  dataDirectory: string;
  /** Sealing keys; `keyring.json` in the data directory unless told. */
  keyringPath?: string;
  /** An admin key given from outside; then none is made. */
  apiKey?: string;
  /** What the address gate opens; nothing unless told. */
  addressPolicy?: { allowHttp: boolean; allowHosts: readonly string[]; allowCidrs: readonly string[] };
  /** Origin that callers reach this instance at, for URLs in answers. */
  publicUrl?: string;
  maxBodyBytes?: number;
  /** Memory for request bodies at once: 256 MiB or a quarter of what there is, whichever is less, unless told. */
  maxRequestBytes?: number;
  /** Connections of callers at once: 10,000, or fewer where the process may open fewer files, unless told. */
  maxConnections?: number;
  logLevel?: string;
}

export interface Hookyard {
  /** The HTTP API as a Web-standard handler, for mounting in any framework. */
  fetch(request: Request): Promise<Response>;
  listen(at: { host: string; port: number }): Promise<{ url: string }>;
  /** Drains and closes: open answers are given, deliveries on their way finish and are settled. */
  close(): Promise<void>;
  /** Where the admin key stands, and the key itself when this start made it; null when it was given from outside. */
  adminKey: { path: string; fresh: string | null } | null;
}

/** Time as a test tells it, so that an hour passes at once. */
export interface World {
  clock: Clock;
  /** What the store adds to its own clock: one float64 of milliseconds. */
  clockOffset: SharedArrayBuffer;
}

export type Started = { kind: 'started'; hookyard: Hookyard } | { kind: 'refused'; reason: string; remedy: string };

/** Deliveries in flight get this long to finish when the process is asked to stop. */
const DRAIN_MS = 25_000;
/** A request has this long to arrive whole: one that comes byte by byte holds a socket and what it has sent. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Headers come in one or two packets. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How late Node may notice either; its own 30 s would make the 10 s of headers up to 40 s. */
const CONNECTIONS_CHECK_MS = 2000;
/** Connections that fall idle while the process stops are closed this often. */
const HANG_UP_EVERY_MS = 20;
/** A worker that has not completed a round for this long is not healthy. */
const STALE_BEAT_MS = 5000;

/**
 * Opens the store and starts the worker. What cannot work is refused with a reason and a remedy.
 * @param world for tests alone; the machine's own clocks otherwise
 */
export async function createHookyard(options: HookyardOptions, world?: World): Promise<Started> {
  openDataDirectory(options.dataDirectory);
  const keyring = openKeyring(options.keyringPath ?? join(options.dataDirectory, 'keyring.json'));
  if (keyring.kind === 'unusable') {
    return { kind: 'refused', reason: keyring.reason, remedy: 'Restore the keyring from a backup.' };
  }
  const log = createLog({ level: options.logLevel ?? 'info' });
  const opened = await openStore(options.dataDirectory, log, world);
  if (opened.kind === 'refused') return opened;
  const wiring = { clock: world?.clock ?? systemClock, store: opened.store, log };
  const { ports, worker } = assemble(options, wiring, createSealer(keyring.keyring));
  try {
    return { kind: 'started', hookyard: await run(options, ports, worker) };
  } catch (error) {
    // Neither its threads nor its lock may outlive a start that failed.
    await opened.store.close();
    throw error;
  }
}

async function run(options: HookyardOptions, ports: FlowPorts, worker: Worker): Promise<Hookyard> {
  const adminKey = await prepareAdminKey(ports, options);
  await ports.configuration.refresh(DEFAULT_TENANT);
  await worker.start();
  const janitor = startJanitor(ports);
  const admission = admissionOn({ memoryBytes: memoryBytes(), openFiles: openFiles() });
  const { maxRequestBytes = admission.maxRequestBytes, maxConnections = admission.maxConnections } = options;
  const app = createApp(ports, {
    version: VERSION,
    readiness: () => readiness(ports, worker, janitor),
    publicUrl: options.publicUrl,
    maxBodyBytes: options.maxBodyBytes,
    maxRequestBytes,
    maxConnections,
  });
  return face(ports, worker, app, janitor, adminKey);
}

async function openStore(
  directory: string,
  log: Log,
  world: World | undefined,
): Promise<{ kind: 'opened'; store: Store } | Extract<Started, { kind: 'refused' }>> {
  try {
    const time = world === undefined ? {} : { clockOffset: world.clockOffset };
    const opened = await openSqliteStore({ directory, log, onFatal: endProcess(log), ...time });
    if (opened.kind === 'opened') return opened;
    const remedy = 'Stop it, or name another directory with --data.';
    return { kind: 'refused', reason: `Another process uses ${directory}.`, remedy };
  } catch (error) {
    // Files that cannot be opened are told apart by whoever named them; what is left is what stands in the database.
    if (!(error instanceof Error) || 'syscall' in error) throw error;
    const remedy = 'Restore it from a backup, or start the version of Hookyard that wrote it.';
    return { kind: 'refused', reason: `The database in ${directory} cannot be used: ${error.message}.`, remedy };
  }
}

/** A store whose threads keep dying cannot keep promises; a supervisor starts the process afresh. */
function endProcess(log: Log): (error: Error) => void {
  return (error) => {
    log.error('store.fatal', { error });
    process.exit(1);
  };
}

function assemble(
  options: HookyardOptions,
  wiring: Pick<Ports, 'clock' | 'store' | 'log'>,
  sealer: Ports['sealer'],
): { ports: FlowPorts; worker: Worker } {
  const { clock } = wiring;
  const mac = createMac();
  const random = createRandom();
  const { allowHttp = false, allowHosts = [], allowCidrs = [] } = options.addressPolicy ?? {};
  const ownNames = options.publicUrl === undefined ? [] : [new URL(options.publicUrl).hostname.toLowerCase()];
  const policy = { allowHttp, allowHosts, allowCidrs, ownAddresses: ownAddresses(), ownNames };
  const gate = createGate({ resolver: createResolver(), policy });
  const base = {
    ...wiring,
    random,
    mac,
    sealer,
    gate,
    sender: createSender({ gate, clock }),
    metrics: createMetrics(),
  };
  const configuration = createConfigurationCache(base);
  const authenticate = createAuthenticate(base, givenKeys({ clock, random, mac }, options.apiKey));
  const worker: Worker = createWorker({ ...base, configuration }, { limits: DEFAULT_LIMITS });
  const ports: FlowPorts = { ...base, configuration, authenticate, dispatch: worker };
  return { ports, worker };
}

function givenKeys(
  ports: Pick<Ports, 'random' | 'mac'> & { clock: Clock },
  apiKey: string | undefined,
): ReadonlyMap<string, KeyRow> {
  if (apiKey === undefined) return new Map();
  const row = keyRow(
    ports,
    { tenant: DEFAULT_TENANT, name: 'given at start', role: 'admin', expiresAtMs: null },
    apiKey,
  );
  return new Map([[Buffer.from(row.hash).toString('hex'), row]]);
}

async function prepareAdminKey(ports: FlowPorts, options: HookyardOptions): Promise<Hookyard['adminKey']> {
  if (options.apiKey !== undefined) return null;
  const path = join(options.dataDirectory, 'admin-api-key');
  const { secret, fresh } = openSecretFile(path, () => freshKey(ports.random));
  await ensureAdminKey(ports, secret);
  return { path, fresh: fresh ? secret : null };
}

async function readiness(ports: FlowPorts, worker: Worker, janitor: Janitor): Promise<Readiness> {
  const beatMs = worker.lastBeatMs();
  const beating = beatMs !== null && ports.clock.monotonicMs() - beatMs < STALE_BEAT_MS;
  const dispatcher = beating ? 'ok' : 'no complete round within 5 s';
  try {
    await ports.store.configVersion(DEFAULT_TENANT);
    const pulse = await ports.store.pulse();
    const oldestMs = pulse.oldestDueMs === null ? 0 : Math.max(0, pulse.nowMs - pulse.oldestDueMs);
    ports.metrics.gauge('oldest_due_seconds', oldestMs / 1000);
    const store = janitor.healthy() ? 'ok' : 'cannot be written';
    return { ready: beating && janitor.healthy(), checks: { store, dispatcher, oldestDueMs: `${oldestMs}` } };
  } catch {
    return { ready: false, checks: { store: 'does not answer', dispatcher } };
  }
}

function face(ports: FlowPorts, worker: Worker, app: App, janitor: Janitor, adminKey: Hookyard['adminKey']): Hookyard {
  let server: HttpServer | null = null;
  let stopping = false;
  return {
    fetch: app.fetch,
    adminKey,
    async listen({ host, port }) {
      const answer = createListener(app, ports);
      const limits = {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: HEADERS_TIMEOUT_MS,
        connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      };
      server = createHttpServer(limits);
      limitConnections(server, app, (incoming, outgoing) => {
        // A client that keeps its connection busy would otherwise hold the process for as long as it has requests.
        if (stopping) outgoing.setHeader('Connection', 'close');
        answer(incoming, outgoing);
      });
      const address = await listening(server, host, port);
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}` };
    },
    async close() {
      stopping = true;
      janitor.stop();
      await Promise.all([server === null ? undefined : stopListening(server), worker.drain(DRAIN_MS)]);
      await ports.sender.close();
      await ports.store.close();
    },
  };
}

function listening(server: HttpServer, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

/** Answers what was asked and hangs up; a request that never ends is cut off with the drain. */
function stopListening(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    const hangUp = setInterval(() => server.closeIdleConnections(), HANG_UP_EVERY_MS);
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearInterval(hangUp);
      clearTimeout(cut);
      resolve();
    });
  });
}
