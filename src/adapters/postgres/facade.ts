/** The store's port on a database: which road each operation takes, in what transaction, and whether it is repeated. */
import { TRAIL_MS } from '../../core/cursor.ts';
import type { Store } from '../../ports/store.ts';
import { append } from './append.ts';
import { appendAll } from './append-all.ts';
import { batches } from './batches.ts';
import { recall, remember } from './claims.ts';
import { configure, configVersion } from './configuration.ts';
import type { Database, Road, Session } from './database.ts';
import { keyByHash, keys, touchKeys } from './keys.ts';
import { claim, closeLane, lane, laneHeads, laneRun, lanes, setLane } from './lanes.ts';
import { maintain } from './maintain.ts';
import type { Neighbourhood } from './neighbours.ts';
import { configuration, health, subscriptionVersion, troubled } from './query-configuration.ts';
import { deliveries } from './query-deliveries.ts';
import { attempts, delivery, openTicketsOf } from './query-delivery.ts';
import { event, events } from './query-events.ts';
import { pulse } from './query-pulse.ts';
import { heldReceipts, receipt, receipts } from './query-receipts.ts';
import { receiptBatches } from './receipts.ts';
import { redeliver } from './redeliver.ts';
import { once, repeating } from './repeat.ts';
import { reviseReceipt } from './revise.ts';
import { checkSettlements, intend, rememberingUnsure, settle } from './settle.ts';
import { claimTasks, settleTask } from './tasks.ts';

type Batched = 'append' | 'recordReceipt' | 'settle';
type Incoming =
  | 'appendAll'
  | 'redeliver'
  | 'reviseReceipt'
  | 'recall'
  | 'remember'
  | 'configure'
  | 'touchKeys'
  | 'maintain';
type Working =
  | ('claim' | 'intend' | 'claimTasks' | 'settleTask')
  | ('lanes' | 'setLane' | 'closeLane' | 'laneRun' | 'laneHeads');
type Leasing = keyof Neighbourhood['leasing'];
type Reading = Exclude<
  keyof Store,
  Batched | Incoming | Working | Leasing | 'shards' | 'trailMs' | 'neighbours' | 'close'
>;

/** All of the store but its end. */
export interface Facade {
  store: Omit<Store, 'close'>;
  /** Resolves when nothing waits to be committed. */
  idle(): Promise<void>;
}

export function facade(
  database: Database,
  { neighbours, leasing }: Pick<Neighbourhood, 'neighbours' | 'leasing'>,
  shards: number,
): Facade {
  const appends = batches(database, {
    road: 'append',
    maxInFlight: 2,
    operate: (session, calls: Parameters<typeof append>[1]) => append(session, calls, shards),
  });
  const recordings = batches(database, receiptBatches(shards));
  const settles = batches(database, { road: 'settle', maxInFlight: 1, operate: settle });
  const settleSurely = rememberingUnsure(settles.submit);
  const batched: Pick<Store, Batched> = {
    append: (request) => appends.submit(request),
    recordReceipt: (request) => recordings.submit(request),
    settle: async (request) => {
      checkSettlements(request.settlements);
      return settleSurely(request);
    },
  };
  return {
    store: {
      shards,
      // Transactions are stamped before they commit, and not in the order in which they do.
      trailMs: TRAIL_MS,
      neighbours,
      ...leasing,
      ...batched,
      ...incoming(database, shards),
      ...working(database, shards),
      ...reading(database, shards),
    },
    idle: async () => {
      await Promise.all([appends.idle(), recordings.idle(), settles.idle()]);
    },
  };
}

/**
 * A change of configuration is not repeated: nothing tells a second one from the first. What carries an id, or says how
 * things are to be, is.
 */
function incoming(database: Database, shards: number): Pick<Store, Incoming> {
  const repeated = <T>(road: Road, work: (session: Session, repeated: boolean) => Promise<T>) =>
    repeating(database.times, (again, withinMs) =>
      database.transaction(road, (session) => work(session, again), withinMs),
    );
  return {
    appendAll: (batch) => repeated('append', (session, again) => appendAll(session, batch, shards, again)),
    redeliver: (request) => repeated('append', (session, again) => redeliver(session, request, shards, again)),
    reviseReceipt: (request) => repeated('append', (session, again) => reviseReceipt(session, request, shards, again)),
    remember: (tenant, answer) => repeated('query', (session) => remember(session, tenant, answer)),
    recall: (tenant, scope, key) => repeated('work', (session) => recall(session, tenant, scope, key)),
    configure: (request) => once(database.transaction('query', (session) => configure(session, request, shards))),
    touchKeys: (ids) => repeated('query', (session) => touchKeys(session, ids)),
    maintain: () => repeated('query', maintain),
  };
}

/** An intent noted twice would mean something else. */
function working(database: Database, shards: number): Pick<Store, Working> {
  const use = <T>(road: Road, work: (session: Session) => Promise<T>) => once(database.use(road, work));
  const repeated = <T>(road: Road, work: (session: Session) => Promise<T>) =>
    repeating(database.times, (_again, withinMs) => database.transaction(road, work, withinMs));
  return {
    claim: (cursors, limits) => use('work', (session) => claim(session, cursors, limits)),
    intend: (tries) => once(database.transaction('settle', (session) => intend(session, tries))),
    lanes: (of) => use('work', (session) => lanes(session, of)),
    setLane: (lane) => repeated('settle', (session) => setLane(session, lane)),
    closeLane: (subscription, shard) => repeated('settle', (session) => closeLane(session, subscription, shard)),
    laneRun: (lane, afterPos, limits) => use('work', (session) => laneRun(session, lane, afterPos, limits)),
    laneHeads: (lane, afterKey, limits) => use('work', (session) => laneHeads(session, lane, afterKey, limits)),
    claimTasks: (of, limit) => use('work', (session) => claimTasks(session, of, limit)),
    settleTask: (settlement) => repeated('settle', (session) => settleTask(session, settlement, shards)),
  };
}

function reading(database: Database, shards: number): Pick<Store, Reading> {
  // What is asked before anything is let in or sent does not stand behind lists.
  const needed = <T>(work: (session: Session) => Promise<T>) => once(database.use('work', work));
  const use = <T>(work: (session: Session) => Promise<T>) => once(database.use('query', work));
  const snapshot = <T>(work: (session: Session) => Promise<T>) => once(database.snapshot('query', work));
  return {
    configuration: (tenant) => once(database.snapshot('work', (session) => configuration(session, tenant))),
    configVersion: (tenant) => needed((session) => configVersion(session, tenant)),
    subscriptionVersion: (tenant, id, version) => use((session) => subscriptionVersion(session, tenant, id, version)),
    health: (tenant, ids) => needed((session) => health(session, tenant, ids)),
    troubled: (tenant, limit) => use((session) => troubled(session, tenant, limit)),
    keyByHash: (hash) => needed((session) => keyByHash(session, hash)),
    keys: (tenant) => use((session) => keys(session, tenant)),
    lane: (subscription, shard) => use((session) => lane(session, subscription, shard)),
    events: (query) => use((session) => events(session, query)),
    event: (tenant, id) => needed((session) => event(session, tenant, id)),
    deliveries: (query) => snapshot((session) => deliveries(session, query)),
    delivery: (tenant, id) => use((session) => delivery(session, tenant, id)),
    attempts: (tenant, id) => use((session) => attempts(session, tenant, id)),
    openTickets: (subscription, limit) => use((session) => openTicketsOf(session, subscription, limit)),
    receipts: (query) => snapshot((session) => receipts(session, query)),
    receipt: (tenant, id) => snapshot((session) => receipt(session, tenant, id)),
    heldReceipts: (sourceId, limits) => snapshot((session) => heldReceipts(session, sourceId, limits)),
    pulse: () => needed((session) => pulse(session, shards)),
  };
}
