/** What the ledger's tests judge: a run that saw little, with what each test adds to it. */
import type { DeliveryShown } from '../support/journey.ts';
import type { ClusterSeen, FaultKind, Injected, Receiving, Request } from './cluster-seen.ts';

/** Long after every fault that a test begins at 0. */
export const LATE_MS = 1_000_000;
/** Of a try. */
export const TIMEOUT_MS = 5000;

/** Somebody who takes one at a time. */
export const plain: Receiving = {
  name: 'r',
  type: 't',
  maxConcurrency: 1,
  ordered: false,
  timeoutMs: TIMEOUT_MS,
  heldUpToMs: 0,
  steady: true,
};
/** Somebody who takes what has a key in its order. */
export const ordered: Receiving = { ...plain, ordered: true, maxConcurrency: 8 };

/** The first event, delivered. */
export const request: Request = {
  receiver: 'r',
  deliveryId: 'd1',
  eventId: 'e1',
  number: 1,
  key: null,
  place: null,
  attempt: 1,
  digest: 'same',
  startMs: LATE_MS,
  endMs: LATE_MS + 10,
  end: 'answered',
  status: 200,
  life: 'n1.1',
};

/** The n-th event and its delivery. */
export function nth(n: number, more: Partial<Request> = {}): Request {
  return { ...request, deliveryId: `d${n}`, eventId: `e${n}`, number: n, ...more };
}

/** A fault, a second before the first request unless told. */
export function fault(kind: FaultKind, more: Partial<Injected> = {}): Injected {
  return { kind, life: null, startMs: LATE_MS - 1000, endMs: LATE_MS - 1000, ...more };
}

/** What those requests make, when everything else is as it should be. */
export function seen(requests: readonly Request[], more: Partial<ClusterSeen> = {}): ClusterSeen {
  const ids = new Set(requests.map(({ deliveryId }) => deliveryId));
  return {
    seed: 1,
    receivings: [plain],
    accepted: new Map(requests.map(({ number, eventId }) => [number, { eventId, type: 't' }])),
    requests,
    injected: [],
    pauses: [],
    deliveries: [...ids].map((id) => ({ id, status: 'succeeded', attempts: 1 }) as DeliveryShown),
    attempts: new Map(),
    nodes: [],
    ended: [],
    inVain: [],
    logged: new Map(),
    missed: [],
    publishing: { cut: 0, unavailable: 0, strange: [] },
    ...more,
  };
}
