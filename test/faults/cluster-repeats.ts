/** Requests that came once too often, and the faults that may be the reason. */
import type { ClusterSeen, FaultKind, Injected, Request } from './cluster-seen.ts';

/** After a fault that cuts a node off, what it was sending may be sent again for as long as a lease and a little. */
const TAKEOVER_WINDOW_MS = 15_000;

/** Whether a fault can make two nodes send, or one send again. The others may only delay. */
const CUTS_OFF: Readonly<Record<FaultKind, boolean>> = {
  kill: true,
  freeze: true,
  restart: true,
  away: true,
  storm: true,
  drain: false,
  join: false,
  holder: false,
  read_only: false,
  trouble: false,
};

export interface Duplicate {
  later: Request;
  /** Whoever sent this delivery up to then: also the result of one that came before both may have been lost. */
  senders: readonly (string | null)[];
  said: string;
}

/**
 * Whether what happened at a moment lies in the window of a fault.
 * @param lastsMs how much longer its consequences may last, such as the timeout of a try that was on its way
 */
export function explains({ kind, startMs, endMs }: Injected, atMs: number, lastsMs: number): boolean {
  return CUTS_OFF[kind] && atMs >= startMs && atMs <= endMs + TAKEOVER_WINDOW_MS + lastsMs;
}

/** The same attempt a second time, or anything after a success. */
export function duplicatesOf(requests: readonly Request[]): readonly Duplicate[] {
  const byDelivery = Map.groupBy(requests, ({ deliveryId }) => deliveryId);
  return [...byDelivery.values()].flatMap((group) => (group.length === 1 ? [] : repeatsIn(group)));
}

function repeatsIn(group: readonly Request[]): Duplicate[] {
  const sorted = group.toSorted((a, b) => a.startMs - b.startMs);
  return sorted.flatMap((later, at) => {
    const before = sorted.slice(0, at);
    const earlier = before.findLast((one) => one.attempt === later.attempt || isDone(one, later));
    if (earlier === undefined) return [];
    const [first, second] = [earlier, later].map(({ attempt, life, startMs, end, status }) => {
      return `attempt ${attempt} by ${life} at ${Math.round(startMs)} (${end} ${status})`;
    });
    const senders = [...before, later].map(({ life }) => life);
    return [{ later, senders, said: `delivery ${later.deliveryId} to ${later.receiver}: ${first}, then ${second}` }];
  });
}

function isDone({ end, status, endMs }: Request, later: Request): boolean {
  return end === 'answered' && status >= 200 && status < 300 && endMs <= later.startMs;
}

/** The fault that explains it best: one of the sender itself rather than one of all. */
export function explainedBy({ later, senders }: Duplicate, seen: ClusterSeen): Injected | undefined {
  const receiving = seen.receivings.find(({ name }) => name === later.receiver);
  const lastsMs = (receiving?.timeoutMs ?? 0) + (receiving?.heldUpToMs ?? 0);
  const fits = seen.injected.filter(
    (fault) =>
      explains(fault, later.startMs, lastsMs) &&
      (fault.life === null || senders.includes(fault.life) || senders.includes(null)),
  );
  return fits.find(({ life }) => life !== null) ?? fits.at(-1);
}

export function isExplained(duplicate: Duplicate, seen: ClusterSeen): boolean {
  return explainedBy(duplicate, seen) !== undefined;
}
