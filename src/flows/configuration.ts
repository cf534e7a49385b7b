/** The tenant's configuration, opened and compiled once per version; what matching and sending read. */
import { type Networks, readNetworks } from '../core/address.ts';
import { type CompiledFilters, compileSaved, type FilterRule } from '../core/filter.ts';
import type { Id } from '../core/ids.ts';
import type { Lack } from '../core/secret-reference.ts';
import { toHex } from '../core/signature/encoding.ts';
import { completeStoredSource, type SourceConfig, type StoredSource } from '../core/source.ts';
import { completeStored, type StoredConfig, type Subscription, type SubscriptionConfig } from '../core/subscription.ts';
import type { Configuration, Health, Ports, SealContext, SourceRow, SubscriptionRow } from '../ports.ts';
import type { Authenticate } from './authenticate.ts';
import { createLines, type InLine } from './line.ts';

/** What changes more often than this between reading and writing is not decided once more. */
export const MAX_DECISIONS = 8;

/** A subscription ready for use. */
export interface LiveSubscription extends Omit<Subscription, 'config'> {
  /** null when its sealing key is missing: its deliveries wait and an operator is told. */
  config: SubscriptionConfig | null;
  filters: CompiledFilters;
  /** The reference that cannot be read, where that was looked at to be shown. */
  lacks?: Lack;
  /** What a person should know of its settings, where that was asked of what they refer to. */
  cautions?: readonly string[];
  /** As it was when the configuration was read. */
  health: Health;
  missingKeyId: string | null;
}

/** A source ready for use. */
export interface LiveSource extends Omit<SourceRow, 'config'> {
  /** null when its sealing key is missing: it takes nothing in and an operator is told. */
  config: SourceConfig | null;
  filters: CompiledFilters;
  /** What its IP allow-list names; empty = it may come from anywhere. */
  allowedFrom: Networks;
  missingKeyId: string | null;
}

/** The source behind a secret URL. */
export interface SecretDoor {
  source: LiveSource;
  /** When a key that was replaced stops opening it; null for its present key. */
  untilMs: number | null;
}

export interface LiveConfiguration {
  version: number;
  subscriptions: ReadonlyMap<Id, LiveSubscription>;
  sources: ReadonlyMap<Id, LiveSource>;
  /** By hex digest of the key in the secret URL; keys whose time is over may still be among them. */
  sourcesByUrlKey: ReadonlyMap<string, SecretDoor>;
  /** Which subscriptions ask for a type of event; filled as types turn up. */
  byType: Map<string, readonly LiveSubscription[]>;
}

export interface ConfigurationCache {
  /** What is known already, without asking the store. */
  peek(tenant: Id): LiveConfiguration | undefined;
  /** The same for one subscription of any tenant. */
  peekSubscription(id: Id): LiveSubscription | undefined;
  /** Tenants whose configuration is known. */
  tenants(): readonly Id[];
  /** @param atLeast a version that somebody has seen: what is known is read again if it is older */
  of(tenant: Id, atLeast?: number): Promise<LiveConfiguration>;
  /**
   * The same, with all that other processes changed before this was called: whoever made something through one process
   * finds it through another one at once. It asks the store for its version, so it is not for the hot paths.
   */
  current(tenant: Id): Promise<LiveConfiguration>;
  /** Reads the store again; concurrent calls share one read that began after they were made. */
  refresh(tenant: Id): Promise<LiveConfiguration>;
  /** Changes one object after all those in this process that wait to change it. */
  inLine: InLine;
}

const NO_FILTERS = compileSaved([]);
const fromUtf8 = new TextDecoder();

/** Where a subscription's sealed configuration belongs. */
export function subscriptionContext(tenant: Id, id: Id): SealContext {
  return { purpose: 'subscription', table: 'subscription_version', column: 'config', row: id, tenant };
}

/** Where a source's sealed configuration belongs. */
export function sourceContext(tenant: Id, id: Id): SealContext {
  return { purpose: 'source', table: 'source_version', column: 'config', row: id, tenant };
}

type CompilePorts = Pick<Ports, 'sealer' | 'log' | 'mac'>;

/** A cache over the store. It never serves a version older than one it has shown before. */
export function createConfigurationCache(ports: CompilePorts & Pick<Ports, 'store'>): ConfigurationCache {
  const live = new Map<Id, LiveConfiguration>();
  /** Of each subscription that was ever seen. */
  const tenants = new Map<Id, Id>();

  async function load(tenant: Id): Promise<LiveConfiguration> {
    const read = await ports.store.configuration(tenant);
    const before = live.get(tenant);
    if (before !== undefined && before.version > read.version) return before;
    const after = compile(read, before, ports);
    live.set(tenant, after);
    for (const id of after.subscriptions.keys()) tenants.set(id, tenant);
    return after;
  }

  const refresh = inTurn(load);
  const storedVersion = inTurn((tenant) => ports.store.configVersion(tenant));

  async function of(tenant: Id, atLeast = 0): Promise<LiveConfiguration> {
    const known = live.get(tenant);
    return known === undefined || known.version < atLeast ? refresh(tenant) : known;
  }

  async function current(tenant: Id): Promise<LiveConfiguration> {
    // Where one process owns the store, nobody else changes it.
    const isNew = ports.store.neighbours === null || !live.has(tenant);
    return of(tenant, isNew ? 0 : await storedVersion(tenant));
  }

  return {
    peek: (tenant) => live.get(tenant),
    peekSubscription(id) {
      const tenant = tenants.get(id);
      return tenant === undefined ? undefined : live.get(tenant)?.subscriptions.get(id);
    },
    tenants: () => [...live.keys()],
    of,
    current,
    refresh,
    inLine: createLines(),
  };
}

/** Reads one at a time for each tenant: who asks while a read is under way shares the next one, which begins later. */
function inTurn<Read>(read: (tenant: Id) => Promise<Read>): (tenant: Id) => Promise<Read> {
  const queued = new Map<Id, Promise<Read>>();
  const running = new Map<Id, Promise<Read>>();
  return (tenant) => {
    const waiting = queued.get(tenant);
    if (waiting) return waiting;
    const before = running.get(tenant) ?? Promise.resolve();
    const next = before
      .catch(() => undefined)
      .then(() => {
        queued.delete(tenant);
        running.set(tenant, next);
        return read(tenant);
      })
      .finally(() => {
        if (running.get(tenant) === next) running.delete(tenant);
      });
    queued.set(tenant, next);
    return next;
  };
}

function compile(read: Configuration, before: LiveConfiguration | undefined, ports: CompilePorts): LiveConfiguration {
  const subscriptions = new Map(
    read.subscriptions.map((row) => [row.id, compileSubscription(row, before?.subscriptions.get(row.id), ports)]),
  );
  const sources = new Map(read.sources.map((row) => [row.id, compileSource(row, before?.sources.get(row.id), ports)]));
  const sourcesByUrlKey = new Map([...sources.values()].flatMap((source) => secretDoors(source, ports)));
  return { version: read.version, subscriptions, sources, sourcesByUrlKey, byType: new Map() };
}

function secretDoors(source: LiveSource, { mac }: Pick<Ports, 'mac'>): [string, SecretDoor][] {
  const retiring = (source.config?.retiringUrlKeys ?? []).map(({ key, untilMs }): [string, SecretDoor] => [
    toHex(mac.sha256(key)),
    { source, untilMs },
  ]);
  return source.urlKeyHash === null ? retiring : [...retiring, [toHex(source.urlKeyHash), { source, untilMs: null }]];
}

function compileSubscription(
  { config: sealed, ...row }: SubscriptionRow,
  before: LiveSubscription | undefined,
  ports: CompilePorts,
): LiveSubscription {
  if (before?.version === row.version && before.config !== null) return { ...before, ...row };
  const opened = ports.sealer.open(subscriptionContext(row.tenant, row.id), sealed);
  if (opened.kind === 'unavailable') {
    ports.log.error('subscription.secret_unavailable', { subscriptionId: row.id, keyId: opened.keyId });
    return { ...row, config: null, filters: filtersOf([]), missingKeyId: opened.keyId };
  }
  const config = openedConfig(opened.plain);
  return { ...row, config, filters: filtersOf(config.filters), missingKeyId: null };
}

/** A subscription's configuration from the bytes that were sealed, by this version of the program or an earlier one. */
export function openedConfig(plain: Uint8Array): SubscriptionConfig {
  return completeStored(JSON.parse(fromUtf8.decode(plain)) as StoredConfig);
}

/** Compiles rules that were checked when they were saved. */
export function filtersOf(rules: readonly FilterRule[]): CompiledFilters {
  return rules.length === 0 ? NO_FILTERS : compileSaved(rules);
}

function compileSource(
  { config: sealed, ...row }: SourceRow,
  before: LiveSource | undefined,
  ports: CompilePorts,
): LiveSource {
  if (before?.version === row.version && before.config !== null) return { ...before, ...row };
  const opened = ports.sealer.open(sourceContext(row.tenant, row.id), sealed);
  if (opened.kind === 'unavailable') {
    ports.log.error('source.secret_unavailable', { sourceId: row.id, keyId: opened.keyId });
    return { ...row, config: null, filters: filtersOf([]), allowedFrom: [], missingKeyId: opened.keyId };
  }
  const config = completeStoredSource(JSON.parse(fromUtf8.decode(opened.plain)) as StoredSource);
  return { ...row, config, ...compiledSource(config), missingKeyId: null };
}

/** What of a source's configuration is compiled before it is used. */
export function compiledSource(config: SourceConfig): Pick<LiveSource, 'filters' | 'allowedFrom'> {
  const allowedFrom = readNetworks(config.ipAllowList);
  // It was read before it was saved.
  if (allowedFrom.kind === 'refused') throw new Error('a stored allow-list cannot be read');
  return { filters: filtersOf(config.filters), allowedFrom: allowedFrom.networks };
}

/** Everything a flow may ask for. Each flow names the part it uses. */
export type FlowPorts = Ports & { configuration: ConfigurationCache; authenticate: Authenticate };
