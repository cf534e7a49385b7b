/** How long receivers of a node that fell out were without an owner. */
import type { ClusterSeen, Injected, Receiving, Request } from './cluster-seen.ts';

/** Whoever sent to a steady receiver this shortly before is its owner. */
const OWNER_FOR_MS = 3000;

export interface Takeover {
  kind: 'kill' | 'freeze';
  /** Who fell out. */
  life: string;
  /** From the fault to the first request of another node; infinite when none came. */
  tookMs: number;
  said: string;
}

/** Of each steady receiver whose owner was killed or frozen. */
export function takeoversOf({ requests, injected, receivings }: ClusterSeen): readonly Takeover[] {
  const steady = receivings.filter((receiving) => receiving.steady);
  const inOrder = Map.groupBy(
    requests.toSorted((a, b) => a.startMs - b.startMs),
    ({ receiver }) => receiver,
  );
  return injected.flatMap((fault) =>
    steady.flatMap((receiving) => takeoverOf(fault, receiving, inOrder.get(receiving.name) ?? [])),
  );
}

function takeoverOf({ kind, life, startMs }: Injected, receiving: Receiving, requests: readonly Request[]): Takeover[] {
  if (kind !== 'kill' && kind !== 'freeze') return [];
  // Ordered lanes of a lease that ran out wait on purpose until a try of its last owner must be over.
  if (kind === 'freeze' && receiving.ordered) return [];
  const last = requests.findLast((one) => one.startMs <= startMs);
  if (life === null || last === undefined || last.life !== life || last.startMs < startMs - OWNER_FOR_MS) return [];
  const next = requests.find((one) => one.startMs > startMs && one.life !== null && one.life !== life);
  const tookMs = next === undefined ? Number.POSITIVE_INFINITY : next.startMs - startMs;
  return [
    {
      kind,
      life,
      tookMs,
      said: `${receiving.name} was without an owner for ${Math.round(tookMs)} ms after ${life} fell out`,
    },
  ];
}
