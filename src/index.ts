/** Hookyard as a library, and the only place where adapters meet flows. */
import { join } from 'node:path';
import { authorities } from './adapters/authorities.ts';
import { systemClock } from './adapters/clock.ts';
import { createCollector } from './adapters/garbage.ts';
import { createGate, ownAddresses } from './adapters/gate.ts';
import { createSealer } from './adapters/keyring.ts';
import { createLog } from './adapters/log.ts';
import { createMac } from './adapters/mac.ts';
import { memoryBytes, openFiles } from './adapters/machine.ts';
import { createMetrics } from './adapters/metrics.ts';
import { createRandom } from './adapters/random.ts';
import { createResolver } from './adapters/resolver.ts';
import { secretFileAt } from './adapters/secret-file.ts';
import { createSecretReferences } from './adapters/secret-references.ts';
import { createSender } from './adapters/sender.ts';
import { type AddressPolicy, readNetworks } from './core/address.ts';
import { DEFAULT_TENANT, type Id } from './core/ids.ts';
import { NODE_ROLES, type NodeRole, parseNodeRoles } from './core/node-role.ts';
import type { Suite } from './core/secret.ts';
import { isStoreAway } from './core/store-away.ts';
import { createAuthenticate } from './flows/authenticate.ts';
import { createConfigurationCache, type FlowPorts } from './flows/configuration.ts';
import { ensureAdminKey } from './flows/ensure-admin-key.ts';
import { ensureFirstSource, type FirstSource } from './flows/ensure-first-source.ts';
import { keysGiven } from './flows/keys.ts';
import { type NotStarted, type OpenedStore, openStore, orClosed, type StorePlace } from './opening.ts';
import type { Clock, Dispatch, Hint, Log, Neighbours, Store } from './ports.ts';
import { createApp } from './server/app.ts';
import { createListening } from './server/listening.ts';
import { admissionOn } from './server/load.ts';
import { createReadiness } from './server/readiness.ts';
import { createFollowing, type Following } from './worker/following.ts';
import { startJanitor } from './worker/janitor.ts';
import { createWorker, DEFAULT_LIMITS, type Worker } from './worker/loop.ts';
import { dispatchless, telling } from './worker/telling.ts';

export { validateSignature, validateToken } from './adapters/webhook-auth.ts';
export const VERSION = '0.1.0';

/** What the address gate opens. */
export type Openings = Pick<AddressPolicy, 'allowHttp' | 'allowHosts' | 'allowCidrs'>;

export interface HookyardOptions extends StorePlace {
  /** What is sealed from now on; AES-256-GCM unless told. */
  sealing?: Suite;
  /** An admin key given from outside; then none is made. */
  apiKey?: string;
  /** What this process does; everything unless told. Fewer only with `databaseUrl`. */
  roles?: readonly NodeRole[];
  /** Nothing is open unless told. */
  addressPolicy?: Openings;
  /** Below it stand the files that `file:` references of subscriptions may read; none unless told. */
  secretsDirectory?: string;
  /** What `env:` references may read, by names that begin with `HOOKYARD_SECRET_`; nothing unless told. */
  secretVariables?: Readonly<Record<string, string>>;
  /** Origin that callers reach this instance at, for URLs in answers. */
  publicUrl?: string;
  /** Addresses and networks of proxies whose word on the sender's address is taken; none unless told. */
  trustedProxies?: readonly string[];
  /** Addresses and networks that deliveries come from, for the allow-lists of receivers. */
  egressIps?: readonly string[];
  /** Replaces the limit of events (1 MiB) and of inbound requests (5 MiB). */
  maxBodyBytes?: number;
  /** Memory for request bodies at once: 256 MiB or a quarter of what there is, whichever is less, unless told. */
  maxRequestBytes?: number;
  /** Connections of callers at once: 10,000, or fewer where the process may open fewer files, unless told. */
  maxConnections?: number;
  /** From which level on lines are logged: `debug`, `info`, `warn`, `error` or `silent`; `info` unless told. */
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
  /** The source that this start made because there was none; null otherwise. */
  firstSource: FirstSource | null;
}

/** What tests put in place of the world, each on its own. */
export interface World {
  /** Time as a test tells it, so that an hour passes at once. */
  clock?: Clock;
  /** What the store adds to its own clock: one float64 of milliseconds. */
  clockOffset?: SharedArrayBuffer;
  /** What stands around the store, for faults at exact places. */
  around?(store: Store): Store;
}

export type Started = { kind: 'started'; hookyard: Hookyard } | NotStarted;

/** Deliveries in flight get this long to finish when the process is asked to stop. */
const DRAIN_MS = 25_000;

/**
 * Opens the store and starts what this process has a role for. What cannot work is refused with a reason and a remedy.
 * @param world for tests alone; the machine's own clocks otherwise
 */
export async function createHookyard(options: HookyardOptions, world?: World): Promise<Started> {
  const roles = parseNodeRoles((options.roles ?? NODE_ROLES).join(','));
  if (roles.kind === 'refused') return refused(`The list of roles ${roles.reason}.`, 'Name one or more of them.');
  const proxies = readNetworks(options.trustedProxies ?? []);
  if (proxies.kind === 'refused') {
    return refused('A trusted proxy is no network.', proxies.faults.map(({ message }) => message).join(' '));
  }
  const log = createLog({ level: options.logLevel ?? 'info' });
  try {
    const opened = await open(options, { roles: roles.roles, log, clock: world?.clock ?? systemClock }, world);
    if (opened.kind !== 'opened') return opened;
    return { kind: 'started', hookyard: await orClosed(opened.store, () => run(options, assemble(options, opened))) };
  } catch (error) {
    if (!isStoreAway(error)) throw error;
    return { kind: 'away', reason: `The database went away: ${error.message}.`, remedy: 'Start again.' };
  }
}

/** What the process is made of before its parts are there. */
interface Opened extends OpenedStore {
  roles: ReadonlySet<NodeRole>;
  log: Log;
  clock: Clock;
}

function refused(reason: string, remedy: string): NotStarted {
  return { kind: 'refused', reason, remedy };
}

async function open(
  options: HookyardOptions,
  ground: Pick<Opened, 'roles' | 'log' | 'clock'>,
  world: World | undefined,
): Promise<Opened | NotStarted> {
  if (options.databaseUrl === undefined && ground.roles.size < NODE_ROLES.length) {
    const remedy = 'Leave --roles out, or share a PostgreSQL with HOOKYARD_DATABASE_URL.';
    return refused('SQLite serves one process, which has to do all of the work.', remedy);
  }
  const opened = await openStore(options, { ...ground, clockOffset: world?.clockOffset });
  if (opened.kind !== 'opened') return opened;
  return { ...ground, ...opened, store: world?.around?.(opened.store) ?? opened.store };
}

/** The parts of this process; those it has no role or no need for are null. */
interface Assembled {
  opened: Opened;
  ports: FlowPorts;
  worker: Worker | null;
  others: { neighbours: Neighbours; following: Following } | null;
}

function assemble(options: HookyardOptions, opened: Opened): Assembled {
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

async function run(options: HookyardOptions, { opened, ports, worker, others }: Assembled): Promise<Hookyard> {
  const { roles, shared } = opened;
  const { dataDirectory, apiKey, publicUrl, maxBodyBytes, trustedProxies, egressIps } = options;
  const keyFile = secretFileAt(join(dataDirectory, 'admin-api-key'));
  const adminKey = apiKey === undefined ? await ensureAdminKey(ports, keyFile, shared !== null) : null;
  await ports.configuration.refresh(DEFAULT_TENANT);
  const urlFile = secretFileAt(join(dataDirectory, 'secret-url'));
  const firstSource = roles.has('ingest') ? await ensureFirstSource(ports, urlFile, publicUrl) : null;
  await worker?.start();
  others?.following.start();
  const deafen = others?.neighbours.listen((hint) => hear(hint, others.following, worker));
  const janitor = roles.has('maintain') ? startJanitor(ports) : null;
  const admission = admissionOn({ memoryBytes: memoryBytes(), openFiles: openFiles() });
  const { maxRequestBytes = admission.maxRequestBytes, maxConnections = admission.maxConnections } = options;
  const readiness = createReadiness({ ports, worker, janitor, shared });
  const limits = { maxBodyBytes, maxRequestBytes, maxConnections, collect: createCollector() };
  const told = { publicUrl, trustedProxies, egressIps };
  const app = createApp(ports, { version: VERSION, roles, readiness, ...told, ...limits });
  const listening = createListening(app);
  return {
    fetch: app.fetch,
    adminKey,
    firstSource,
    listen: listening.listen,
    async close() {
      janitor?.stop();
      deafen?.();
      await Promise.all([listening.stop(DRAIN_MS), worker?.drain(DRAIN_MS), others?.following.stop()]);
      await app.server.receive.settled();
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
