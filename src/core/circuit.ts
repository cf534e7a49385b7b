/**
 * The circuit of one subscription: trouble of several deliveries opens it, any answer of the receiver closes it, and
 * while it is open only a probe now and then is sent. Changed in place, since every try passes here. Only times are
 * trusted, never that a probe is still on its way: one whose process died blocks nothing.
 */
import { FAILURES, type FailureGroup } from './failure/table.ts';
import type { FailureCode } from './failure.ts';
import type { Id } from './ids.ts';

/** Troubled deliveries in a row that open it. */
const STREAK = 5;
/** It opens too when more than this share of the outcomes of the last minute was trouble … */
const TROUBLED_SHARE = 0.5;
/** … if there were at least this many. */
const MIN_OUTCOMES = 20;
/** The last minute is counted in parts, so that it is 50 to 60 seconds long. */
const PARTS = 6;
const PART_MS = 10_000;
/** Probes are at least this far apart. */
const PROBE_GAP_MS = 30_000;
/** A retry comes back a little after its slot; this much later is still early enough for the slot after it. */
const LATENESS_MS = 1000;
const SLOT_MS = PROBE_GAP_MS + LATENESS_MS;
/**
 * Slots given out ahead of time; who would have to wait for a later one is parked. What is postponed to its slot stays
 * there when the circuit closes before, and what is parked does not.
 */
const MAX_SLOTS = 2;
/** Without a probe for this long, the oldest parked delivery is the next one. */
export const LANE_PROBE_MS = 60_000;

/** Whether a failure of this group says that the receiver is in trouble. */
const TROUBLED_GROUPS: Readonly<Record<FailureGroup, boolean>> = {
  // It could not be reached, or broke off: whatever is sent next is likely to fare the same.
  connect: true,
  timeout_connect: true,
  tls: true,
  reset: true,
  // It was reached and hangs: each further try holds a connection for its whole timeout.
  timeout_headers: true,
  // It answered, and the status decides.
  http_status: false,
  redirect: false,
  // Something that is not HTTP answers: a mistake in the URL, which holding back does not mend.
  protocol: false,
  // Our own resolver, rules, keys and shutdowns; the receiver is never charged for them.
  dns: false,
  blocked: false,
  cancelled: false,
  internal: false,
};

/** Whether a judged try is trouble of the receiver: not reachable, hanging, or answering 5xx. */
export function isTrouble(judged: { delivered: boolean; failure: FailureCode | null }): boolean {
  if (judged.delivered || judged.failure === null) return false;
  return judged.failure === 'http_5xx' || TROUBLED_GROUPS[FAILURES[judged.failure].group];
}

/** `answered`: an HTTP status below 500, whatever it says. `neither` says nothing about the receiver. */
export type Outcome = 'trouble' | 'answered' | 'neither';

interface Part {
  /** Which ten seconds since the epoch. */
  number: number;
  counted: number;
  troubled: number;
}

interface Opening {
  /** -Infinity before the first probe. */
  probedAtMs: number;
  laneProbeAtMs: number;
  /** Slots that postponed retries will come back at, earliest first. */
  slots: number[];
}

export interface Circuit {
  /** null while it is closed. */
  open: Opening | null;
  /** Deliveries with trouble since the last answer; never more than `STREAK`. */
  readonly streak: Id[];
  readonly parts: readonly Part[];
}

/** A closed circuit that nothing is known of. */
export function createCircuit(): Circuit {
  return {
    open: null,
    streak: [],
    parts: Array.from({ length: PARTS }, () => ({ number: 0, counted: 0, troubled: 0 })),
  };
}

/**
 * An open circuit as an earlier owner left it.
 * @param probeAtMs its `laneProbeAtMs`; the last probe was a minute before at the latest
 */
export function restoreOpen(probeAtMs: number): Circuit {
  const open = { probedAtMs: probeAtMs - LANE_PROBE_MS, laneProbeAtMs: probeAtMs, slots: [] };
  return { ...createCircuit(), open };
}

/** Whether first tries are held back. */
export function isOpen(circuit: Circuit): boolean {
  return circuit.open !== null;
}

/**
 * Notes how a try ended; says whether that opened or closed the circuit. Trouble of an open circuit changes nothing.
 * @param done `n` is the number of the try, from 1: the trouble of a retry is no news for the count of the last minute
 */
export function afterTry(
  circuit: Circuit,
  done: { deliveryId: Id; n: number; outcome: Outcome },
  nowMs: number,
): 'opened' | 'closed' | null {
  switch (done.outcome) {
    case 'neither':
      return null;
    case 'answered':
      return afterAnswer(circuit, nowMs);
    case 'trouble':
      return afterTrouble(circuit, done.deliveryId, done.n, nowMs);
  }
}

function afterAnswer(circuit: Circuit, nowMs: number): 'closed' | null {
  circuit.streak.length = 0;
  if (circuit.open === null) {
    partAt(circuit, nowMs).counted++;
    return null;
  }
  circuit.open = null;
  return 'closed';
}

function afterTrouble(circuit: Circuit, deliveryId: Id, n: number, nowMs: number): 'opened' | null {
  if (circuit.open !== null) return null;
  if (!circuit.streak.includes(deliveryId)) circuit.streak.push(deliveryId);
  if (n === 1) {
    const part = partAt(circuit, nowMs);
    part.counted++;
    part.troubled++;
  }
  if (circuit.streak.length < STREAK && !isMostlyTrouble(circuit, nowMs)) return null;
  circuit.open = { probedAtMs: -Infinity, laneProbeAtMs: nowMs + LANE_PROBE_MS, slots: [] };
  // What opened it must not open it again as soon as it closes; the answer that closes it ends the streak.
  for (const part of circuit.parts) part.number = 0;
  return 'opened';
}

function partAt({ parts }: Circuit, nowMs: number): Part {
  const number = Math.floor(nowMs / PART_MS);
  const part = parts[number % PARTS] as Part;
  if (part.number !== number) {
    part.number = number;
    part.counted = 0;
    part.troubled = 0;
  }
  return part;
}

function isMostlyTrouble({ parts }: Circuit, nowMs: number): boolean {
  const oldest = Math.floor(nowMs / PART_MS) - PARTS + 1;
  let counted = 0;
  let troubled = 0;
  for (const part of parts) {
    if (part.number < oldest) continue;
    counted += part.counted;
    troubled += part.troubled;
  }
  return counted >= MIN_OUTCOMES && troubled > counted * TROUBLED_SHARE;
}

/** What becomes of a delivery that falls due. A `postpone` ends at the delivery's own slot for a probe. */
export type Admission = { kind: 'send' } | { kind: 'probe' } | { kind: 'park' } | { kind: 'postpone'; delayMs: number };

const SEND: Admission = { kind: 'send' };
const PROBE: Admission = { kind: 'probe' };
const PARK: Admission = { kind: 'park' };

/**
 * Decides about a delivery that falls due. While the circuit is open first tries are parked. A retry is the probe, or
 * is given the next free slot, or is parked. Nobody remembers whose slot is whose: the retry that falls due when a slot
 * has come is taken for its holder, and a slot whose holder never comes back is dropped.
 * @param ticket `n` = tries that are settled, 0 for a first try
 */
export function admit(circuit: Circuit, ticket: { n: number }, nowMs: number): Admission {
  if (circuit.open === null) return SEND;
  return ticket.n === 0 ? PARK : admitRetry(circuit.open, nowMs);
}

function admitRetry(open: Opening, nowMs: number): Admission {
  const { slots } = open;
  const before = slots.length;
  while (slots.length > 0 && (slots[0] as number) <= nowMs) slots.shift();
  const isHolder = slots.length < before;
  const earliestMs = open.probedAtMs + PROBE_GAP_MS;
  if (nowMs < earliestMs) {
    // The probe before it was late: its own slot moves by as much.
    if (isHolder) return postpone(open, earliestMs, nowMs);
  } else if (isHolder || (slots[0] ?? Infinity) >= nowMs + PROBE_GAP_MS) {
    probed(open, nowMs);
    return PROBE;
  }
  const slotMs = Math.max(open.probedAtMs, slots.at(-1) ?? -Infinity) + SLOT_MS;
  if (slotMs - nowMs > MAX_SLOTS * SLOT_MS) return PARK;
  return postpone(open, slotMs, nowMs);
}

function postpone({ slots }: Opening, slotMs: number, nowMs: number): Admission {
  slots.push(slotMs);
  slots.sort((a, b) => a - b);
  // The store knows whole milliseconds, and before its slot nobody is the probe.
  return { kind: 'postpone', delayMs: Math.ceil(slotMs - nowMs) };
}

/** A probe is sent now: what waited between its admission and its turn counts from here. */
export function probeBegins({ open }: Circuit, nowMs: number): void {
  if (open !== null) probed(open, nowMs);
}

/** A probe that began at `begunMs` and had to wait is sent only now; false when the next one was sent meanwhile. */
export function probeBeginsAgain({ open }: Circuit, begunMs: number, nowMs: number): boolean {
  if (open === null) return true;
  if (open.probedAtMs !== begunMs) return false;
  probed(open, nowMs);
  return true;
}

function probed(open: Opening, nowMs: number): void {
  open.probedAtMs = nowMs;
  open.laneProbeAtMs = nowMs + LANE_PROBE_MS;
}

/** When the oldest parked delivery is the probe, because no retry was for a minute; Infinity while it is closed. */
export function laneProbeAtMs(circuit: Circuit): number {
  return circuit.open?.laneProbeAtMs ?? Infinity;
}

/** Takes the probe for the oldest parked delivery, if its time has come. */
export function takeLaneProbe(circuit: Circuit, nowMs: number): boolean {
  if (circuit.open === null || nowMs < circuit.open.laneProbeAtMs) return false;
  probed(circuit.open, nowMs);
  return true;
}
