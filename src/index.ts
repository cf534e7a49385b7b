/** Hookyard as a library, and the only place where adapters meet flows. */
import { join } from 'node:path';
import { authorities } from './adapters/authorities.ts';
import { systemClock } from './adapters/clock.ts';
import { openDataDirectory } from './adapters/data-directory.ts';
import { createGate, ownAddresses } from './adapters/gate.ts';
import { createSealer, type Keyring, openKeyring, openSharedKeyring } from './adapters/keyring.ts';
import { createLog } from './adapters/log.ts';
import { createMac } from './adapters/mac.ts';
import { memoryBytes, openFiles } from './adapters/machine.ts';
import { createMetrics } from './adapters/metrics.ts';
import { openPostgres } from './adapters/postgres/opening.ts';
import { createRandom } from './adapters/random.ts';
import { createResolver } from './adapters/resolver.ts';
import { keptSecret, openSecretFile } from './adapters/secret-file.ts';
import { createSecretReferences } from './adapters/secret-references.ts';
import { createSender } from './adapters/sender.ts';
import { openSqlite } from './adapters/sqlite/opening.ts';
import { DEFAULT_TENANT, type Id } from './core/ids.ts';
import { NODE_ROLES, type NodeRole, parseNodeRoles } from './core/node-role.ts';
import type { Suite } from './core/secret.ts';
import { createAuthenticate } from './flows/authenticate.ts';
import { createConfigurationCache, type FlowPorts } from './flows/configuration.ts';
import { ensureAdminKey, hasAdminKey } from './flows/ensure-admin-key.ts';
import { freshKey, keysGiven } from './flows/keys.ts';
import type { Clock, Dispatch, Hint, Log, Neighbours, Store } from './ports.ts';
import { createApp } from './server/app.ts';
import { createListening } from './server/listening.ts';
import { admissionOn } from './server/load.ts';
import { createReadiness, type ReadinessParts } from './server/readiness.ts';
import { createFollowing, type Following } from './worker/following.ts';
import { startJanitor } from './worker/janitor.ts';
import { createWorker, DEFAULT_LIMITS, type Worker } from './worker/loop.ts';
import { dispatchless, telling } from './worker/telling.ts';

export const VERSION = '0.1.0';

export interface HookyardOptions {
  /** Database and lock, unless `databaseUrl` is given, sealing key and admin key; made when it does not exist. */
  dataDirectory: string;
  /** Sealing keys; `keyring.json` in the data directory unless told. */
  keyringPath?: string;
  /** What is sealed from now on; AES-256-GCM unless told. */
  sealing?: Suite;
  /** An admin key given from outside; then none is made. */
  apiKey?: string;
  /** `postgres://…`: the store of many processes, which together are one Hookyard. SQLite in `dataDirectory` unless told. */
  databaseUrl?: string;
  /** What this process does; everything unless told. Fewer only with `databaseUrl`. */
  roles?: readonly NodeRole[];
  /** Whether the start runs migrations that the database lacks; true unless told. Else it is refused with pending ones. */
  migrate?: boolean;
  /** What the address gate opens; nothing unless told. */
  addressPolicy?: { allowHttp: boolean; allowHosts: readonly string[]; allowCidrs: readonly string[] };
  /** Below it stand the files that `file:` references of subscriptions may read; none unless told. */
  secretsDirectory?: string;
  /** What `env:` references may read, by names that begin with `HOOKYARD_SECRET_`; nothing unless told. */
  secretVariables?: Readonly<Record<string, string>>;
  /** Origin that callers reach this instance at, for URLs in answers. */
  publicUrl?: string;
  /** Addresses and networks that deliveries come from, for the allow-lists of receivers. */
  egressIps?: readonly string[];
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
  /**
   * Where the admin key stands, and the key itself when this start made it; null when it was given from outside, and
   * when it stands with another process on the same database.
   */
  adminKey: { path: string; fresh: string | null } | null;
}

/** Time as a test tells it, so that an hour passes at once. */
export interface World {
  clock: Clock;
  /** What the store adds to its own clock: one float64 of milliseconds. */
  clockOffset: SharedArrayBuffer;
}

export type Started =
  | { kind: 'started'; hookyard: Hookyard }
  /** It cannot work like this. */
  | { kind: 'refused'; reason: string; remedy: string }
  /** The database was away for longer than a start waits. */
  | { kind: 'away'; reason: string; remedy: string };

type NotStarted = Exclude<Started, { kind: 'started' }>;

/** Deliveries in flight get this long to finish when the process is asked to stop. */
const DRAIN_MS = 25_000;

/**
 * Opens the store and starts what this process has a role for. What cannot work is refused with a reason and a remedy.
 * @param world for tests alone; the machine's own clocks otherwise
 */
export async function createHookyard(options: HookyardOptions, world?: World): Promise<Started> {
  const roles = parseNodeRoles((options.roles ?? NODE_ROLES).join(','));
  if (roles.kind === 'refused') return refused(`The list of roles ${roles.reason}.`, 'Name one or more of them.');
  const log = createLog({ level: options.logLevel ?? 'info' });
  const ground = { roles: roles.roles, log, clock: world?.clock ?? systemClock, world };
  try {
    const opened = await openStore(options, ground);
    if (opened.kind !== 'opened') return opened;
    const { store } = opened;
    return { kind: 'started', hookyard: await orClosed(store, () => run(options, assemble(options, opened))) };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'STORE_UNAVAILABLE')) throw error;
    return { kind: 'away', reason: `The database went away: ${error.message}.`, remedy: 'Start again.' };
  }
}

/** Neither threads nor locks nor connections of a store may outlive a start that failed. */
async function orClosed<T>(store: Store, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What the process is made of before its store is there. */
interface Ground {
  roles: ReadonlySet<NodeRole>;
  log: Log;
  clock: Clock;
  world: World | undefined;
}

interface OpenedStore extends Pick<Ground, 'roles' | 'log' | 'clock'> {
  kind: 'opened';
  store: Store;
  keyring: Keyring;
  /** On PostgreSQL, whether or not other processes are there now. */
  shared: ReadinessParts['shared'];
}

function refused(reason: string, remedy: string): Extract<Started, { kind: 'refused' }> {
  return { kind: 'refused', reason, remedy };
}

async function openStore(options: HookyardOptions, ground: Ground): Promise<OpenedStore | NotStarted> {
  const { databaseUrl } = options;
  if (databaseUrl !== undefined) return openShared(options, databaseUrl, ground);
  if (ground.roles.size === NODE_ROLES.length) return openEmbedded(options, ground);
  const remedy = 'Leave --roles out, or share a PostgreSQL with HOOKYARD_DATABASE_URL.';
  return refused('SQLite serves one process, which has to do all of the work.', remedy);
}

async function openEmbedded(options: HookyardOptions, ground: Ground): Promise<OpenedStore | NotStarted> {
  const { dataDirectory: directory } = options;
  const { log, world } = ground;
  openDataDirectory(directory);
  const keyring = openKeyring(keyringPathOf(options));
  if (keyring.kind === 'unusable') return refused(keyring.reason, 'Restore the keyring from a backup.');
  const time = world === undefined ? {} : { clockOffset: world.clockOffset };
  const opened = await openSqlite({
    directory,
    log,
    onFatal: endProcess(log),
    migrate: options.migrate ?? true,
    ...time,
  });
  if (opened.kind === 'refused') return opened;
  return { ...ground, kind: 'opened', store: opened.store, keyring: keyring.keyring, shared: null };
}

async function openShared(options: HookyardOptions, url: string, ground: Ground): Promise<OpenedStore | NotStarted> {
  const { log, clock, world } = ground;
  const offset = world === undefined ? null : new Float64Array(world.clockOffset);
  openDataDirectory(options.dataDirectory);
  const clockOffsetMs = () => offset?.[0] ?? 0;
  const opened = await openPostgres({ url, log, clock, clockOffsetMs, migrate: options.migrate ?? true });
  if (opened.kind !== 'opened') return opened;
  const { store, sealingKeys } = opened;
  const shared = await orClosed(store, () => openSharedKeyring(keyringPathOf(options), sealingKeys));
  if (shared.kind === 'refused') {
    await store.close();
    return shared;
  }
  return { ...ground, kind: 'opened', store, keyring: shared.keyring, shared: { lackingKeys: shared.lacking } };
}

function keyringPathOf({ keyringPath, dataDirectory }: HookyardOptions): string {
  return keyringPath ?? join(dataDirectory, 'keyring.json');
}

/** A store whose threads keep dying cannot keep promises; a supervisor starts the process afresh. */
function endProcess(log: Log): (error: Error) => void {
  return (error) => {
    log.error('store.fatal', { error });
    process.exit(1);
  };
}

/** The parts of this process; those it has no role or no need for are null. */
interface Assembled {
  opened: OpenedStore;
  ports: FlowPorts;
  worker: Worker | null;
  others: { neighbours: Neighbours; following: Following } | null;
}

function assemble(options: HookyardOptions, opened: OpenedStore): Assembled {
  const { clock, store, log, roles } = opened;
  const [mac, random] = [createMac(), createRandom()];
  const { allowHttp = false, allowHosts = [], allowCidrs = [] } = options.addressPolicy ?? {};
  const ownNames = options.publicUrl === undefined ? [] : [new URL(options.publicUrl).hostname.toLowerCase()];
  const policy = { allowHttp, allowHosts, allowCidrs, ownAddresses: ownAddresses(), ownNames };
  const gate = createGate({ resolver: createResolver(), policy });
  const sealer = createSealer(opened.keyring, options.sealing);
  const { secretVariables: variables = {}, secretsDirectory: directory = null, egressIps = [] } = options;
  const sender = createSender({ gate, clock, options: { egressIps } });
  const secretReferences = createSecretReferences({ clock, variables, directory });
  const outside = { gate, sender, secretReferences, authorities };
  const base = { clock, store, log, random, mac, sealer, ...outside, metrics: createMetrics() };
  const configuration = createConfigurationCache(base);
  const authenticate = createAuthenticate(base, keysGiven({ clock, random, mac }, options.apiKey));
  const worker = roles.has('dispatch') ? createWorker({ ...base, configuration }, { limits: DEFAULT_LIMITS }) : null;
  const others = othersOn({ ...base, configuration, authenticate }, worker);
  const ports: FlowPorts = { ...base, configuration, authenticate, dispatch: dispatchOf(worker, others) };
  return { opened, ports, worker, others };
}

function othersOn(ports: Omit<FlowPorts, 'dispatch'>, worker: Worker | null): Assembled['others'] {
  const { neighbours } = ports.store;
  if (neighbours === null) return null;
  const changed = (tenant: Id) => worker?.configurationChanged(tenant);
  return { neighbours, following: createFollowing({ ...ports, neighbours }, changed) };
}

/** Where flows hand over what there is to send: to the worker of this process, and in hints to the others. */
function dispatchOf(worker: Worker | null, others: Assembled['others']): Dispatch {
  if (others === null) return worker ?? dispatchless({ tell: () => {} });
  const { neighbours, following } = others;
  if (worker === null) return dispatchless(neighbours);
  const local = { ...worker, configurationChanged: following.configurationChanged };
  return telling(local, neighbours, worker.holds);
}

async function prepareAdminKey(
  ports: FlowPorts,
  options: HookyardOptions,
  shared: boolean,
): Promise<Hookyard['adminKey']> {
  if (options.apiKey !== undefined) return null;
  const path = join(options.dataDirectory, 'admin-api-key');
  // The first process on a database made it, and keeps it.
  if (shared && keptSecret(path) === null && (await hasAdminKey(ports))) return null;
  const { secret, fresh } = openSecretFile(path, () => freshKey(ports.random));
  await ensureAdminKey(ports, secret);
  return { path, fresh: fresh ? secret : null };
}

async function run(options: HookyardOptions, { opened, ports, worker, others }: Assembled): Promise<Hookyard> {
  const { roles, shared } = opened;
  const adminKey = await prepareAdminKey(ports, options, shared !== null);
  await ports.configuration.refresh(DEFAULT_TENANT);
  await worker?.start();
  others?.following.start();
  const deafen = others?.neighbours.listen((hint) => hear(hint, others.following, worker));
  const janitor = roles.has('maintain') ? startJanitor(ports) : null;
  const admission = admissionOn({ memoryBytes: memoryBytes(), openFiles: openFiles() });
  const { maxRequestBytes = admission.maxRequestBytes, maxConnections = admission.maxConnections } = options;
  const { publicUrl, maxBodyBytes, egressIps } = options;
  const readiness = createReadiness({ ports, worker, janitor, shared });
  const limits = { maxBodyBytes, maxRequestBytes, maxConnections };
  const app = createApp(ports, { version: VERSION, roles, readiness, publicUrl, egressIps, ...limits });
  const listening = createListening(app, ports);
  return {
    fetch: app.fetch,
    adminKey,
    listen: listening.listen,
    async close() {
      janitor?.stop();
      deafen?.();
      await Promise.all([listening.stop(DRAIN_MS), worker?.drain(DRAIN_MS), others?.following.stop()]);
      await ports.sender.close();
      await ports.store.close();
    },
  };
}

/** What another process tells; all of it is found without being told too. */
function hear(hint: Hint, following: Following, worker: Worker | null): void {
  if (hint.kind === 'configuration') following.hint();
  else worker?.hear(hint);
}
