/**
 * What this process knows of the traffic to each receiver: its circuit, its pace, and what its rate limit still allows.
 */
import {
  afterTry as afterCircuit,
  type Circuit,
  createCircuit,
  isOpen,
  isTrouble,
  LANE_PROBE_MS,
  probeBegins,
  probeBeginsAgain,
  restoreOpen,
} from '../core/circuit.ts';
import type { Id } from '../core/ids.ts';
import * as pacing from '../core/pace.ts';
import { profiles } from '../core/profile.ts';
import * as limiting from '../core/rate-limit.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import type { Tried } from '../flows/deliver.ts';
import type { Ports, Ticket } from '../ports.ts';

export interface Traffic {
  circuit: Circuit;
  readonly pace: pacing.Pace;
  rate: limiting.RateLog | null;
  usedAtMs: number;
  /** Where the tries went that it tells of; null until one has ended. */
  url: string | null;
}

export type TrafficBook = Map<Id, Traffic>;

/** A try that has begun, for what is noted when it ends. */
export interface Begun {
  /** When it began as the probe of an open circuit; null when it is none. */
  probedAtMs: number | null;
  slot: limiting.Slot | null;
}

/** Traffic that nothing was noted of for this long is forgotten, unless its circuit is open. */
const FORGET_AFTER_MS = 10 * 60_000;

/** The traffic of a subscription, begun when it is new; its rate limit follows the configuration. */
export function trafficOf(book: TrafficBook, id: Id, config: Pick<SubscriptionConfig, 'rateLimit'> | null): Traffic {
  let traffic = book.get(id);
  if (traffic === undefined) {
    traffic = { circuit: createCircuit(), pace: pacing.createPace(), rate: null, usedAtMs: 0, url: null };
    book.set(id, traffic);
  }
  followLimit(traffic, config?.rateLimit ?? null);
  return traffic;
}

/**
 * The circuit of a receiver was found open in the store. Its probes go on where the last owner left them; one that does
 * not tell may have probed it a moment ago.
 */
export function foundOpen(
  traffic: Traffic,
  { store, clock }: Pick<Ports, 'store' | 'clock'>,
  probeAtMs: number | null,
): void {
  // Its lease was lost for a moment: nobody else can have probed it, and its own last probe is known.
  if (store.neighbours === null && isOpen(traffic.circuit)) return;
  const nowMs = clock.monotonicMs();
  const leftMs = (probeAtMs ?? 0) - clock.nowMs();
  const toldMs = leftMs > 0 ? Math.min(leftMs, LANE_PROBE_MS) : LANE_PROBE_MS;
  traffic.usedAtMs = nowMs;
  traffic.circuit = restoreOpen(store.neighbours === null ? nowMs : nowMs + toldMs);
}

function followLimit(traffic: Traffic, limit: SubscriptionConfig['rateLimit']): void {
  if (limit === null) traffic.rate = null;
  else if (traffic.rate === null) traffic.rate = limiting.createRateLog(limit);
  else limiting.changeLimit(traffic.rate, limit);
}

/** Notes that a try begins. */
export function begin(traffic: Traffic, nowMs: number, isProbe: boolean): Begun {
  traffic.usedAtMs = nowMs;
  if (isProbe) probeBegins(traffic.circuit, nowMs);
  const probedAtMs = isProbe ? nowMs : null;
  pacing.started(traffic.pace, nowMs);
  return { probedAtMs, slot: traffic.rate === null ? null : limiting.started(traffic.rate, nowMs) };
}

/** Whether a try that had begun, but waited behind another suspect, may be sent now. */
export function mayBeginNow({ rate, circuit }: Traffic, { probedAtMs, slot }: Begun, nowMs: number): boolean {
  if (probedAtMs !== null && !probeBeginsAgain(circuit, probedAtMs, nowMs)) return false;
  return rate === null || slot === null || limiting.startAgain(rate, slot, nowMs);
}

/** Notes that the request of a try is on its way: what its receiver counts it from. */
export function arrived({ rate }: Traffic, { slot }: Begun, nowMs: number): void {
  if (rate !== null && slot !== null) limiting.arrived(rate, slot, nowMs);
}

/** When the next try may begin; not after `nowMs` when it may begin now. */
export function nextStartMs(traffic: Traffic, nowMs: number): number {
  const pacedMs = pacing.readyAtMs(traffic.pace, nowMs);
  return traffic.rate === null ? pacedMs : Math.max(pacedMs, limiting.readyAtMs(traffic.rate, nowMs));
}

/** Notes how a try ended; says whether that opened or closed the circuit. */
export function note(
  traffic: Traffic,
  begun: Begun,
  { ticket, url, profile, tried }: Pick<SubscriptionConfig, 'url' | 'profile'> & { ticket: Ticket; tried: Tried },
  nowMs: number,
): 'opened' | 'closed' | null {
  const { answer, judgement } = tried;
  arrived(traffic, begun, nowMs);
  // It went where the subscription does not send any more.
  if (traffic.url !== null && traffic.url !== url) return null;
  traffic.url = url;
  const outcome = isTrouble(judgement) ? 'trouble' : answer.kind === 'response' ? 'answered' : 'neither';
  pacing.afterTry(traffic.pace, outcome, nowMs);
  if (!profiles[profile].hasCircuit) return null;
  return afterCircuit(traffic.circuit, { deliveryId: ticket.deliveryId, n: ticket.n + 1, outcome }, nowMs);
}

/** Forgets what was not used for long and says nothing. @param keeps whether it is needed still */
export function forgetIdle(book: TrafficBook, nowMs: number, keeps: (id: Id, circuit: Circuit) => boolean): void {
  for (const [id, traffic] of book) {
    // What a rate limit counts over an hour is remembered for an hour.
    const forMs = Math.max(FORGET_AFTER_MS, 2 * (traffic.rate?.stretchMs ?? 0));
    if (nowMs - traffic.usedAtMs > forMs && !keeps(id, traffic.circuit)) book.delete(id);
  }
}
