/** Hints to other processes: collected for a moment, sent as short texts, and read again. */
import { type Id, isId } from '../../core/ids.ts';
import type { Hint } from '../../ports/store.ts';

export interface Telling {
  tell(hint: Hint): void;
  /** Takes nothing any more; resolves when what was taken was sent, as far as one try gets. */
  stop(): Promise<void>;
}

/** At most one message in this time: processes that tell wait for each other while they commit. */
const APART_MS = 50;
/** After a failure: it may take longer, as long as a poll. */
const APART_FAILED_MS = 500;
/** Waiting while the database is away; what is more is not told. */
const MAX_PENDING = 10_000;
/** In one payload, which in PostgreSQL has less than 8000 bytes: an id takes 39 of them. */
const MAX_NAMED = 200;

/** Tells by `send`, several payloads at once; what comes while some are on their way goes with the next ones. */
export function telling(send: (payloads: readonly string[]) => Promise<void>): Telling {
  let pending = nothing();
  let timer: NodeJS.Timeout | null = null;
  let isSending = false;
  let sent = Promise.resolve();
  let stopped = false;
  let nextMs = Number.NEGATIVE_INFINITY;

  async function sendAll(): Promise<void> {
    const taken = pending;
    pending = nothing();
    nextMs = performance.now() + APART_MS;
    try {
      await send(payloadsOf(taken));
    } catch {
      // Polls find the rest, but no poll finds what was closed: a key that waits for it would wait for long.
      keepClosed(pending, taken);
      nextMs = performance.now() + APART_FAILED_MS;
    }
  }
  async function flush(): Promise<void> {
    timer = null;
    isSending = true;
    sent = sendAll();
    await sent;
    isSending = false;
    schedule();
  }
  function schedule(): void {
    if (stopped || isSending || timer !== null || sizeOf(pending) === 0) return;
    timer = setTimeout(flush, Math.max(0, nextMs - performance.now()));
    timer.unref();
  }

  return {
    tell: (hint) => {
      if (!stopped && sizeOf(pending) < MAX_PENDING) note(pending, hint);
      schedule();
    },
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await sent;
      if (sizeOf(pending) > 0) await sendAll();
    },
  };
}

interface Pending {
  work: Set<number>;
  configuration: Set<Id>;
  closed: Set<Id>;
}

function nothing(): Pending {
  return { work: new Set(), configuration: new Set(), closed: new Set() };
}

function sizeOf({ work, configuration, closed }: Pending): number {
  return work.size + configuration.size + closed.size;
}

function note(pending: Pending, hint: Hint): void {
  switch (hint.kind) {
    case 'work':
      for (const shard of hint.shards) pending.work.add(shard);
      return;
    case 'configuration':
      for (const tenant of hint.tenants) pending.configuration.add(tenant);
      return;
    case 'closed':
      for (const id of hint.deliveryIds) pending.closed.add(id);
  }
}

function keepClosed(pending: Pending, { closed }: Pending): void {
  for (const id of closed) {
    if (sizeOf(pending) >= MAX_PENDING) return;
    pending.closed.add(id);
  }
}

function payloadsOf({ work, configuration, closed }: Pending): readonly string[] {
  const hints: readonly Hint[] = [
    ...pages(work).map((shards) => ({ kind: 'work' as const, shards })),
    ...pages(configuration).map((tenants) => ({ kind: 'configuration' as const, tenants })),
    ...pages(closed).map((deliveryIds) => ({ kind: 'closed' as const, deliveryIds })),
  ];
  return hints.map((hint) => JSON.stringify(hint));
}

function pages<T>(named: ReadonlySet<T>): readonly (readonly T[])[] {
  const all = [...named];
  return Array.from({ length: Math.ceil(all.length / MAX_NAMED) }, (_, page) =>
    all.slice(page * MAX_NAMED, (page + 1) * MAX_NAMED),
  );
}

/** The hint of a payload; null for what is none: anybody in the database may notify. */
export function hintOf(payload: string): Hint | null {
  const said = parsed(payload);
  if (typeof said !== 'object' || said === null || !('kind' in said)) return null;
  if (said.kind === 'work' && 'shards' in said && areAll(said.shards, isShard)) {
    return { kind: 'work', shards: said.shards };
  }
  if (said.kind === 'configuration' && 'tenants' in said && areAll(said.tenants, isIdText)) {
    return { kind: 'configuration', tenants: said.tenants };
  }
  if (said.kind === 'closed' && 'deliveryIds' in said && areAll(said.deliveryIds, isIdText)) {
    return { kind: 'closed', deliveryIds: said.deliveryIds };
  }
  return null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function areAll<T>(items: unknown, is: (item: unknown) => item is T): items is readonly T[] {
  return Array.isArray(items) && items.every(is);
}

function isShard(item: unknown): item is number {
  return Number.isSafeInteger(item);
}

function isIdText(item: unknown): item is Id {
  return typeof item === 'string' && isId(item);
}
