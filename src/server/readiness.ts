/** Whether this process can do its work now, as `/readyz` tells it. */
import { DEFAULT_TENANT } from '../core/ids.ts';
import { isStoreAway } from '../core/store-away.ts';
import type { FlowPorts } from '../flows/configuration.ts';
import type { Readiness } from './options.ts';

/** What is asked; what a process has no role for is null. */
export interface ReadinessParts {
  ports: Pick<FlowPorts, 'store' | 'clock' | 'metrics' | 'log'>;
  /** Its last complete round, and since when it waits for the store to say which leases are left. */
  worker: { lastBeatMs(): number | null; doubtSinceMs(): number | null } | null;
  /** Whether its last housekeeping could be written. */
  janitor: { healthy(): boolean } | null;
  /** Set when others share the store, which then has a machine and a clock of its own. */
  shared: {
    /** Ids of sealing keys that others have noted and this process lacks. */
    lackingKeys(): Promise<readonly string[]>;
  } | null;
}

/** A worker that has not completed a round for this long is not healthy. */
const STALE_BEAT_MS = 5000;
/** A worker in doubt for longer than its leases last sends nothing: others are to be asked, or its operator called. */
const MAX_DOUBT_MS = 15_000;
/** Whoever asks has given up by then. */
const WITHIN_MS = 2000;
/** Ids carry the time; those further off than this are refused by the store, signatures by receivers. */
const MAX_SKEW_MS = 5 * 60_000;

/**
 * A function that tells it within 2 s. Those who ask at once share one look, so that a store that hangs is asked once.
 */
export function createReadiness(parts: ReadinessParts): () => Promise<Readiness> {
  const look = createLook(parts);
  let looking: Promise<Look> | null = null;
  return async () => {
    looking ??= look().finally(() => {
      looking = null;
    });
    const dispatcher = dispatching(parts);
    return judged(await within(parts, looking), dispatcher);
  };
}

/** What the store said; null when it said nothing. */
type Look = { store: string; skewMs: number; oldestMs: number; lacks: readonly string[] } | null;

/** Looks that say in the log why one failed, when that is news: a store may be away for hours of probes. */
function createLook(parts: ReadinessParts): () => Promise<Look> {
  let trouble: 'away' | 'fault' | null = null;
  return async () => {
    try {
      const seen = await look(parts);
      trouble = null;
      return seen;
    } catch (error) {
      const kind = isStoreAway(error) ? 'away' : 'fault';
      if (kind !== trouble) parts.ports.log.warn('readiness.failed', { error });
      trouble = kind;
      return null;
    }
  };
}

async function look({ ports, janitor, shared }: ReadinessParts): Promise<Look> {
  const { store, clock, metrics } = ports;
  await store.configVersion(DEFAULT_TENANT);
  const { nowMs, oldestDueMs } = await store.pulse();
  const skewMs = shared === null ? 0 : clock.nowMs() - nowMs;
  const lacks = shared === null ? [] : await shared.lackingKeys();
  const oldestMs = oldestDueMs === null ? 0 : Math.max(0, nowMs - oldestDueMs);
  metrics.gauge('oldest_due_seconds', oldestMs / 1000);
  return { store: (await writable(store, janitor)) ? 'ok' : 'cannot be written', skewMs, oldestMs, lacks };
}

async function writable(store: FlowPorts['store'], janitor: ReadinessParts['janitor']): Promise<boolean> {
  if (janitor !== null) return janitor.healthy();
  // Nothing here writes by itself: a write of nothing is refused by a database that takes none.
  return store.touchKeys([]).then(
    () => true,
    () => false,
  );
}

function within({ ports: { clock } }: ReadinessParts, looking: Promise<Look>): Promise<Look> {
  return new Promise((resolve) => {
    const cancel = clock.after(WITHIN_MS, () => resolve(null));
    void looking.then((seen) => {
      cancel();
      resolve(seen);
    });
  });
}

interface Dispatching {
  ok: boolean;
  checks: Readiness['checks'];
}

function dispatching({ ports, worker, shared }: ReadinessParts): Dispatching {
  if (worker === null) return { ok: true, checks: {} };
  const beatMs = worker.lastBeatMs();
  const beats = beatMs !== null && ports.clock.monotonicMs() - beatMs < STALE_BEAT_MS;
  const dispatcher = beats ? 'ok' : `no complete round within ${STALE_BEAT_MS / 1000} s`;
  if (shared === null) return { ok: beats, checks: { dispatcher } };
  const sinceMs = worker.doubtSinceMs();
  const doubtMs = sinceMs === null ? 0 : ports.clock.monotonicMs() - sinceMs;
  // In doubt for a moment nothing new is sent, but requests are answered: no reason to take them elsewhere.
  const isLong = doubtMs > MAX_DOUBT_MS;
  const doubt = isLong ? `in doubt for ${Math.round(doubtMs / 1000)} s` : 'in doubt';
  return { ok: beats && !isLong, checks: { dispatcher, leases: sinceMs === null ? 'ok' : doubt } };
}

function judged(seen: Look, { ok, checks }: Dispatching): Readiness {
  if (seen === null) return { ready: false, checks: { store: 'does not answer', ...checks } };
  const { store, skewMs, oldestMs, lacks } = seen;
  const skewed = Math.abs(skewMs) > MAX_SKEW_MS;
  const clock = skewed ? { clock: `${Math.round(Math.abs(skewMs) / 1000)} s from the database's` } : {};
  // What others sealed with them cannot be read here, so that events for it would be missed.
  const keyring = lacks.length === 0 ? {} : { keyring: `lacks ${lacks.join(', ')}` };
  return {
    ready: ok && store === 'ok' && !skewed && lacks.length === 0,
    checks: { store, ...checks, ...clock, ...keyring, oldestDueMs: `${oldestMs}` },
  };
}
