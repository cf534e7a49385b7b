/** What a process among others knows of its leases, as one record; `lease-moves.ts` and `shared-leases.ts` change it. */
import type { Id } from '../core/ids.ts';
import type { SilentSince } from '../core/sharing.ts';
import type { Lease, Neighbours, Ports } from '../ports.ts';
import type { Term } from './leases.ts';

/** What the rest of the worker does when shards come and go. */
export interface Movers {
  /**
   * Reads what shards bring with them. The function it resolves with lets in those that are held still by then. Rejects
   * when the store cannot be read; it is called again with the next look.
   */
  read(leases: readonly Lease[]): Promise<(held: readonly Lease[]) => void>;
  /** Shards are given away, or were lost: nothing of them waits in memory any more. */
  left(shards: ReadonlySet<number>): void;
  /** Writes what only this process knows of shards it gives away. */
  write(shards: ReadonlySet<number>): Promise<void>;
  /** Shards are others' now, and so is what was counted of them. */
  forget(shards: ReadonlySet<number>): void;
  /** Leases that were in doubt are held: what was dropped meanwhile is to be looked for. */
  sure(): void;
  /** Whether nothing of a shard is in memory, or being written. */
  isIdle(shard: number): boolean;
  /** Tries in flight of a shard. */
  inFlight(shard: number): number;
}

export interface Held extends Term {
  readonly lease: Lease;
  /**
   * `arriving`: what comes with it is being read · `leaving`: it is given away when nothing of it is in memory ·
   * `returning`: it was leaving and is kept after all; what comes with it is read again.
   */
  stage: 'arriving' | 'held' | 'leaving' | 'returning';
  leavingSinceMs: number;
  /** It is about to be released: neither renewed nor lost. */
  isReleasing: boolean;
}

export type SharedLeasePorts = Pick<Ports, 'store' | 'clock' | 'random' | 'log'>;

export interface Tenure {
  readonly ports: SharedLeasePorts;
  readonly neighbours: Neighbours;
  readonly owner: Id;
  readonly movers: Movers;
  readonly held: Map<number, Held>;
  silentSince: SilentSince;
  /** When who is silent was last looked at. */
  lookedAtMs: number;
  /** Since when nothing is taken because somebody is silent who may come back; null while nobody is waited for. */
  waitingSinceMs: number | null;
  /** Who was counted with at the last look. */
  present: string;
  renewAtMs: number;
  /** When to ask whether anything is free, though nothing says so. */
  askAtMs: number;
  /** One of the others may have released something. */
  isHinted: boolean;
  /** It has less than everybody must have. */
  isShort: boolean;
  inDoubt: boolean;
  /** Monotonic time of the first doubt since the last look that went well. */
  doubtSinceMs: number | null;
  /** That it fails was said. */
  isFailing: boolean;
  skewMs: number;
  tellSkewAtMs: number;
  isClosing: boolean;
  isStopped: boolean;
  looking: Promise<void> | null;
  reading: Promise<void> | null;
  readonly releases: Set<Promise<void>>;
  /** Cancels the next look. */
  cancel(): void;
}

/** Nothing is held yet. */
export function createTenure(ports: SharedLeasePorts, neighbours: Neighbours, owner: Id, movers: Movers): Tenure {
  return {
    ports,
    neighbours,
    owner,
    movers,
    held: new Map(),
    silentSince: new Map(),
    lookedAtMs: Number.NEGATIVE_INFINITY,
    waitingSinceMs: null,
    present: '',
    renewAtMs: 0,
    askAtMs: 0,
    isHinted: false,
    isShort: true,
    inDoubt: false,
    doubtSinceMs: null,
    isFailing: false,
    skewMs: 0,
    tellSkewAtMs: 0,
    isClosing: false,
    isStopped: false,
    looking: null,
    reading: null,
    releases: new Set(),
    cancel: () => {},
  };
}

/** Nothing is sent any more, until a renewal tells what is held. */
export function doubt(tenure: Tenure): void {
  tenure.inDoubt = true;
  tenure.doubtSinceMs ??= tenure.ports.clock.monotonicMs();
}

/** The shards of some leases. */
export function shardsOf(entries: Iterable<Held>): Set<number> {
  return new Set([...entries].map(({ lease }) => lease.shard));
}
