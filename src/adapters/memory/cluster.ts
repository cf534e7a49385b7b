/** Several processes on one store, in memory: what tests of the worker and simulations run on. */
import type { Id } from '../../core/ids.ts';
import { storeAway } from '../../core/store-away.ts';
import type { Neighbours, Store } from '../../ports/store.ts';
import { attend, depart } from './attendance.ts';
import { type Voices, voiceAmong } from './hints.ts';
import { laneNews } from './lanes.ts';
import type { MemoryOptions, Reach } from './store.ts';
import { storeOver } from './store.ts';
import type { Tables } from './tables.ts';
import { createTables } from './tables.ts';

/** One process of a cluster. */
export interface Member {
  /** Its store, with `neighbours`. */
  store: Store;
  /** Ends it like a killed process: it is silent, and whatever is asked of its store fails as one that is away. */
  die(): void;
  /** Cuts its connection: it is silent until it attends again, which fails once. */
  cut(): void;
}

export interface MemoryCluster {
  /** One more process on the same tables. */
  join(): Member;
}

/** Makes an empty store that several processes share. */
export function createMemoryCluster({ now, shards = 1 }: MemoryOptions): MemoryCluster {
  const tables = createTables(shards, now);
  const voices: Voices = new Map();
  return { join: () => joined(tables, voices) };
}

/** What one process is about. */
interface Life {
  dead: boolean;
  /** The connection was lost since it attended or renewed last. */
  doubtful: boolean;
  /** The owners that it attends as. */
  owners: Set<Id>;
  /** Who wants to know when the connection is lost. */
  lost: Set<() => void>;
}

function joined(tables: Tables, voices: Voices): Member {
  const life: Life = { dead: false, doubtful: false, owners: new Set(), lost: new Set() };
  const voice = voiceAmong(voices);
  const reach: Reach = () => {
    if (life.dead) throw storeAway('the process is dead');
    return tables;
  };
  const fallSilent = () => {
    for (const owner of life.owners) tables.living.delete(owner);
  };
  const neighbours: Neighbours = { ...asNeighbour(reach, life), tell: voice.tell, listen: voice.listen };
  const store = storeOver(reach, { shards: tables.shards, neighbours });
  return {
    store: { ...store, ...leasing(store, life, tables) },
    cut: () => {
      life.doubtful ||= life.owners.size > 0;
      fallSilent();
      for (const lost of life.lost) lost();
    },
    die: () => {
      life.dead = true;
      fallSilent();
      voice.fallSilent();
    },
  };
}

/** Leases are asked for on the connection that was cut: it is made anew, and a renewal says what outlived it. */
function leasing(store: Store, life: Life, { living }: Tables): Pick<Store, 'lease' | 'renew' | 'release'> {
  const reconnect = () => {
    if (!life.dead) for (const owner of life.owners) living.add(owner);
  };
  return {
    lease: async (...asked) => {
      reconnect();
      return store.lease(...asked);
    },
    renew: async (...asked) => {
      reconnect();
      const renewed = await store.renew(...asked);
      life.doubtful = false;
      return renewed;
    },
    release: async (...asked) => {
      reconnect();
      return store.release(...asked);
    },
  };
}

function asNeighbour(reach: Reach, life: Life): Omit<Neighbours, 'tell' | 'listen'> {
  return {
    attend: async (owner, ttlMs) => {
      const attendance = attend(reach(), owner, ttlMs);
      life.owners.add(owner);
      const failed = life.doubtful;
      life.doubtful = false;
      if (failed) throw storeAway('the connection was lost: what it held is in doubt');
      return attendance;
    },
    onLost: (lost) => {
      life.lost.add(lost);
      return () => life.lost.delete(lost);
    },
    depart: async (owner) => {
      depart(reach(), owner);
      life.owners.delete(owner);
    },
    configVersions: async (tenants) => {
      const { configVersions } = reach();
      return new Map(tenants.flatMap((tenant) => versionOf(configVersions, tenant)));
    },
    laneNews: async (cursors, limits) => laneNews(reach(), cursors, limits),
  };
}

function versionOf(versions: ReadonlyMap<Id, number>, tenant: Id): (readonly [Id, number])[] {
  const version = versions.get(tenant);
  return version === undefined ? [] : [[tenant, version]];
}
