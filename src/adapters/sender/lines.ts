/** All open sockets: which one an exchange goes out on, and how many there may be. */
import type { CheckedTarget } from '../../core/address.ts';
import type { Clock } from '../../ports.ts';
import { type Connected, dial, type NotConnected } from './dial.ts';
import { type Exchange, fail } from './exchange.ts';
import { carry, type Line, MAX_AGE_MS, openLine } from './line.ts';
import type { Trust, Trusts } from './trust.ts';

/** Connecting and the TLS handshake take no longer than this, whatever is left of the deadline. */
const MAX_CONNECT_MS = 5000;

export interface LinesOptions {
  clock: Clock;
  trusts: Trusts;
  maxSockets: number;
  maxSocketsPerOrigin: number;
}

export interface Lines {
  /** Sends an exchange whose target is known: over an idle socket, over a new one, or as soon as one is free. */
  place(exchange: Exchange, target: CheckedTarget): void;
  /** Sockets open or being opened. */
  count(): number;
  /** Closes all sockets without reporting to their exchanges. */
  close(): Promise<void>;
}

/** The sockets to one origin under one TLS policy. */
interface Pool {
  readonly key: string;
  readonly origin: string;
  readonly trust: Trust;
  /** Being opened, busy and idle. */
  sockets: number;
  /** The last one was used last. */
  readonly idle: Line[];
  readonly waiting: Placed[];
}

interface Placed {
  readonly exchange: Exchange;
  readonly target: CheckedTarget;
}

/**
 * Keeps a bounded number of sockets, each to one origin under one TLS policy, and closes the longest idle one when
 * another is needed.
 * Long because its small functions share the state of all pools, which nobody else may touch.
 */
export function createLines(options: LinesOptions): Lines {
  const { clock } = options;
  const pools = new Map<string, Pool>();
  const owners = new Map<Line, Pool>();
  /** In the order in which they became idle. */
  const idle = new Set<Line>();
  /** Pools with waiting exchanges that only the bound over all sockets holds up. */
  const starved = new Set<Pool>();
  let sockets = 0;

  function poolOf({ request }: Exchange, { origin }: CheckedTarget): Pool {
    const trust = options.trusts.of(request.tls);
    const key = trust.key === '' ? origin : `${origin} ${trust.key}`;
    const known = pools.get(key);
    if (known) return known;
    const pool: Pool = { key, origin, trust, sockets: 0, idle: [], waiting: [] };
    pools.set(key, pool);
    return pool;
  }

  function place(exchange: Exchange, target: CheckedTarget): void {
    const pool = poolOf(exchange, target);
    const line = takeIdle(pool, target);
    if (line) carry(line, exchange, target);
    else openFor(pool, { exchange, target });
  }

  /** The idle line used last, if it leads to an address that is still allowed. Others are closed. */
  function takeIdle(pool: Pool, target: CheckedTarget): Line | null {
    for (let line = pool.idle.pop(); line; line = pool.idle.pop()) {
      idle.delete(line);
      if (!line.socket.destroyed && target.addresses.includes(line.address)) return line;
      retire(line);
    }
    return null;
  }

  function openFor(pool: Pool, placed: Placed): void {
    const full = pool.sockets >= options.maxSocketsPerOrigin;
    const room = !full && (sockets < options.maxSockets || closeLongestIdle());
    if (!room) {
      if (!full) starved.add(pool);
      placed.exchange.stage = 'waiting';
      pool.waiting.push(placed);
      return;
    }
    pools.set(pool.key, pool);
    pool.sockets++;
    sockets++;
    connectFor(pool, placed);
  }

  function connectFor(pool: Pool, { exchange, target }: Placed): void {
    exchange.stage = 'dialing';
    const limitMs = Math.min(MAX_CONNECT_MS, exchange.deadlineMs - clock.monotonicMs());
    const done = (outcome: Connected | NotConnected) => connected(pool, { exchange, target }, outcome);
    const giveUp = dial({ target, trust: pool.trust, clock, limitMs, done });
    exchange.carrier = {
      unsentBytes: () => 0,
      cameBytes: () => 0,
      stop() {
        giveUp();
        freed(pool);
      },
    };
  }

  function connected(pool: Pool, { exchange, target }: Placed, outcome: Connected | NotConnected): void {
    exchange.address = outcome.address;
    exchange.connectMs = outcome.connectMs;
    if (outcome.kind === 'failed') {
      fail(exchange, outcome.code, outcome.facts, clock.monotonicMs());
      freed(pool);
      return;
    }
    exchange.tlsMs = outcome.tlsMs;
    const line = openLine(outcome, pool.origin, clock, { released, closed, lost });
    owners.set(line, pool);
    carry(line, exchange, target);
  }

  /** A line goes to whoever waits for one to its origin, unless it is another origin's turn to get a place. */
  function released(line: Line): void {
    const pool = owners.get(line);
    if (pool === undefined) return;
    const [turn = pool] = starved;
    const worn = line.socket.destroyed || clock.monotonicMs() - line.openedMs > MAX_AGE_MS;
    const next = worn || turn !== pool ? null : nextWaiting(pool);
    if (next?.target.addresses.includes(line.address)) {
      takeTurn(pool);
      carry(line, next.exchange, next.target);
      return;
    }
    if (next) pool.waiting.unshift(next);
    if (worn || next || starved.size > 0) {
      retire(line);
      return;
    }
    pool.idle.push(line);
    idle.add(line);
  }

  function lost(exchange: Exchange): void {
    exchange.repeated = true;
    exchange.sendMs = null;
    const { target } = exchange;
    if (target) openFor(poolOf(exchange, target), { exchange, target });
  }

  function nextWaiting(pool: Pool): Placed | null {
    for (let next = pool.waiting.shift(); next; next = pool.waiting.shift()) {
      if (next.exchange.stage === 'waiting') return next;
    }
    return null;
  }

  function retire(line: Line): void {
    line.stop();
    closed(line);
  }

  function closed(line: Line): void {
    const pool = owners.get(line);
    if (pool === undefined) return;
    owners.delete(line);
    if (idle.delete(line)) pool.idle.splice(pool.idle.indexOf(line), 1);
    freed(pool);
  }

  /** One socket less: the pool whose turn it is gets its place. */
  function freed(pool: Pool): void {
    pool.sockets--;
    sockets--;
    if (pool.waiting.length > 0) starved.add(pool);
    else forgetIfEmpty(pool);
    for (const turn of starved) {
      if (giveTurn(turn)) return;
    }
  }

  /** False when the pool had no use for its turn; it is asked again when it loses a socket. */
  function giveTurn(pool: Pool): boolean {
    const next = pool.sockets < options.maxSocketsPerOrigin ? nextWaiting(pool) : null;
    takeTurn(pool);
    if (next) openFor(pool, next);
    else forgetIfEmpty(pool);
    return next !== null;
  }

  function takeTurn(pool: Pool): void {
    const full = pool.sockets >= options.maxSocketsPerOrigin;
    if (starved.delete(pool) && pool.waiting.length > 0 && !full) starved.add(pool);
  }

  function forgetIfEmpty(pool: Pool): void {
    if (pool.sockets === 0 && pool.waiting.length === 0) pools.delete(pool.key);
  }

  function closeLongestIdle(): boolean {
    const [line] = idle;
    if (line) retire(line);
    return sockets < options.maxSockets;
  }

  async function close(): Promise<void> {
    const lines = [...owners.keys()];
    owners.clear();
    idle.clear();
    pools.clear();
    sockets = 0;
    await Promise.all(lines.map((line) => line.client.destroy()));
  }

  return { place, count: () => sockets, close };
}
