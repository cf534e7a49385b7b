/** Other processes on the same database, and the leases that they share. */
import type { Id } from '../../core/ids.ts';
import { storeAway } from '../../core/store-away.ts';
import type { Hint, Neighbours, Store } from '../../ports/store.ts';
import { attend, depart, hold } from './attendance.ts';
import type { Database, Session } from './database.ts';
import { hintOf, telling } from './hints.ts';
import { laneNews } from './lane-news.ts';
import { lease, release, renew } from './leases.ts';
import { type Line, type LineOptions, openLine } from './line.ts';
import { once } from './repeat.ts';

export interface Neighbourhood {
  neighbours: Neighbours;
  leasing: Pick<Store, 'lease' | 'renew' | 'release'>;
  /** Ends the connection that its locks hang on. */
  close(): Promise<void>;
  /** Loses that connection. */
  cut(): void;
  /** Loses it for ever. */
  crash(): void;
}

export type NeighbourhoodOptions = Omit<LineOptions, 'begin' | 'heard' | 'gone'>;

/** What this process is to the others. */
interface Standing {
  own: Set<Id>;
  held: Set<Id>;
  /** The connection was lost since it attended or renewed last. */
  isDoubtful: boolean;
}

/** The neighbourhood of a process; what is asked of it runs on a line of its own, made when it is needed. */
export function neighbourhood(database: Database, options: NeighbourhoodOptions): Neighbourhood {
  const standing: Standing = { own: new Set(), held: new Set(), isDoubtful: false };
  const listeners = new Set<(hint: Hint) => void>();
  const losers = new Set<() => void>();
  const line = openLine({
    ...options,
    begin: async (session) => {
      standing.isDoubtful ||= standing.own.size > 0;
      standing.held = await hold(session, standing.own);
    },
    gone: () => {
      for (const lost of losers) lost();
    },
    heard: (payload) => {
      const hint = hintOf(payload);
      if (hint !== null) for (const heard of listeners) heard(hint);
    },
  });
  const hints = telling((payloads) => line.use(async (session) => void (await session.rows('tell', { payloads }))));
  const wake = () => {
    if (listeners.size > 0 && !line.isOpen()) line.use(async () => {}).catch(() => {});
  };
  return {
    neighbours: {
      ...attending(line, standing),
      ...reading(database, wake),
      onLost: (lost) => {
        losers.add(lost);
        return () => losers.delete(lost);
      },
      tell: hints.tell,
      listen: (heard) => {
        listeners.add(heard);
        wake();
        return () => listeners.delete(heard);
      },
    },
    leasing: leasing(line, standing),
    close: async () => {
      await hints.stop();
      await line.close();
    },
    cut: line.cut,
    crash: () => {
      line.crash();
      void hints.stop();
    },
  };
}

function attending(line: Line, standing: Standing): Pick<Neighbours, 'attend' | 'depart'> {
  return {
    attend: async (owner, ttlMs) => {
      const attending = (session: Session) => {
        standing.own.add(owner);
        return attend(session, owner, ttlMs, standing);
      };
      const attendance = await once(line.use(attending));
      if (!standing.isDoubtful) return attendance;
      standing.isDoubtful = false;
      throw storeAway('the connection was lost: what it held is in doubt');
    },
    depart: async (owner) => {
      standing.own.delete(owner);
      await once(line.use((session) => depart(session, owner, standing)));
    },
  };
}

function leasing(line: Line, standing: Standing): Neighbourhood['leasing'] {
  const use = <T>(work: (session: Session) => Promise<T>) => once(line.use(work));
  return {
    lease: (owner, shards, ttlMs, limits = {}) =>
      use((session) => lease(session, { owner, shards, ttlMs, own: standing.own, ...limits })),
    renew: async (owner, leases, ttlMs) => {
      const renewed = await use((session) => renew(session, owner, leases, ttlMs));
      standing.isDoubtful = false;
      return renewed;
    },
    release: (owner, leases) => use((session) => release(session, owner, leases)),
  };
}

/** `wake`: what is asked of the database twice a second brings a lost line back for those who listen. */
function reading(database: Database, wake: () => void): Pick<Neighbours, 'configVersions' | 'laneNews'> {
  return {
    configVersions: async (tenants) => {
      wake();
      type Row = { tenant: Id; version: number };
      const read = database.use('work', (session) => session.rows<Row>('config_versions', { tenants }));
      return new Map((await once(read)).map(({ tenant, version }) => [tenant, version]));
    },
    laneNews: (cursors, limits) => once(database.use('work', (session) => laneNews(session, cursors, limits))),
  };
}
