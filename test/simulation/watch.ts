/** Watches every request as its receiver does, and checks it against what was promised. */
import type { Answer } from '../../src/core/attempt.ts';
import { HEARD_WITHIN_MS } from './ledger.ts';
import { ageMs, complain, type Delivery, type Receiver, type Records, type Request, wasBrokenOff } from './record.ts';
import { isCalm, mostWaitMs, waitedMs } from './waits.ts';

const PROBE_GAP_MS = 30_000;
const STREAK = 5;
const HOUR_MS = 3_600_000;
/** What was noted of a closed circuit may be forgotten after ten minutes without a request. */
const REMEMBERED_MS = 595_000;

/** A request begins. @param sequence what its header says */
export function begins(records: Records, delivery: Delivery, n: number, sequence: number | null): Request {
  const nowMs = records.nowMs();
  const { receiver } = delivery;
  checkDelivery(records, delivery, n, nowMs);
  checkOrder(records, delivery, sequence);
  checkHeld(records, delivery, nowMs);
  checkCircuit(records, delivery, nowMs);
  checkWait(records, delivery, nowMs);
  const request: Request = { delivery, n, startMs: nowMs };
  receiver.onTheirWay.add(request);
  const cap = Math.max(...receiver.caps);
  if (receiver.onTheirWay.size > cap) {
    complain(records, delivery, `is one of ${receiver.onTheirWay.size} in flight, ${cap} may be`);
  }
  delivery.begun.set(n, (delivery.begun.get(n) ?? 0) + 1);
  delivery.lastBegunMs = nowMs;
  if (nowMs - receiver.lastStartMs > REMEMBERED_MS) receiver.circuit.streak.clear();
  receiver.lastStartMs = nowMs;
  records.requests++;
  return request;
}

function checkDelivery(records: Records, delivery: Delivery, n: number, nowMs: number): void {
  const { retry } = delivery.receiver.config;
  const say = (what: string) => complain(records, delivery, what);
  if (delivery.closes !== null && !delivery.cancelAsked) say(`is sent after it was closed as ${delivery.closes}`);
  if (n !== delivery.attempts + 1) say(`is sent as try ${n} after ${delivery.attempts} attempts`);
  if (n > retry.maxRetries + 1 && !wasBrokenOff(delivery))
    say(`is tried for the time ${n}, its policy allows ${retry.maxRetries + 1}`);
  if (nowMs < delivery.notBeforeMs) say(`is sent ${delivery.notBeforeMs - nowMs} ms early`);
  for (const other of delivery.receiver.onTheirWay) if (other.delivery === delivery) say('is sent twice at once');
  const again = delivery.begun.get(n) ?? 0;
  if (again > records.outages.length) say(`is sent ${again + 1} times as try ${n}`);
  const overMs = ageMs(delivery, nowMs) - retry.maxAgeSeconds * 1000;
  if (overMs > HEARD_WITHIN_MS) say(`is sent ${overMs} ms after its maximum age`);
}

/** Per key: the first open item of the key and no other, and its sequence rises. */
function checkOrder(records: Records, delivery: Delivery, sequence: number | null): void {
  const { receiver, key } = delivery;
  if (key === null) {
    if (sequence !== null) complain(records, delivery, 'has a sequence and no key');
    return;
  }
  const line = receiver.keys.get(key) ?? [];
  if (line[0] !== delivery && !delivery.cancelAsked) {
    complain(records, delivery, `is sent before delivery ${line[0]?.ordinal} of its key ${key} is closed`);
  }
  if (sequence === null) complain(records, delivery, `has no sequence, its key is ${key}`);
  const lastSequence = receiver.sequences.get(key) ?? -1;
  if (sequence !== null && sequence < lastSequence)
    complain(records, delivery, `has sequence ${sequence} after ${lastSequence}`);
  receiver.sequences.set(key, sequence ?? lastSequence);
}

function checkHeld(records: Records, delivery: Delivery, nowMs: number): void {
  const { receiver } = delivery;
  const { held } = receiver;
  if (held === null || nowMs - held.sinceMs <= HEARD_WITHIN_MS) return;
  const isHourly = held.probed && nowMs - Math.max(held.sinceMs, receiver.lastStartMs) >= HOUR_MS - HEARD_WITHIN_MS;
  if (!isHourly)
    complain(records, delivery, `is sent ${nowMs - held.sinceMs} ms after its subscription was ${held.kind}`);
}

/** What may have been sent before a crash is noted first: that it is about to be sent was decided a moment ago. */
function checkCircuit(records: Records, delivery: Delivery, nowMs: number): void {
  const { circuit } = delivery.receiver;
  if (!circuit.open || (records.outages.length > 0 && nowMs - circuit.openedAtMs <= HEARD_WITHIN_MS)) return;
  const gapMs = nowMs - circuit.probedAtMs;
  if (gapMs < PROBE_GAP_MS) complain(records, delivery, `is sent ${gapMs} ms after the last probe of an open circuit`);
  circuit.probedAtMs = nowMs;
}

function checkWait(records: Records, delivery: Delivery, nowMs: number): void {
  if (!isCalm(delivery)) return;
  const ms = waitedMs(records, delivery, nowMs);
  const mostMs = mostWaitMs(records, delivery.receiver);
  records.longestWaitMs = Math.max(records.longestWaitMs, ms);
  if (ms > mostMs) complain(records, delivery, `waited for ${ms} ms, ${Math.round(mostMs)} at most`);
}

/** A request has arrived: what a rate limit counts. */
export function arrives(records: Records, { delivery }: Request): void {
  const { receiver } = delivery;
  const limit = receiver.plan.rateLimit;
  if (limit === null) return;
  const nowMs = records.nowMs();
  const before = receiver.arrivals.at(-limit.count);
  const stretchMs = limit.seconds * 1000;
  if (before !== undefined && nowMs - before < stretchMs) {
    complain(
      records,
      delivery,
      `arrives ${nowMs - before} ms after the ${limit.count}. before it, ${stretchMs} is the limit`,
    );
  }
  receiver.arrivals.push(nowMs);
}

/** A request has ended with an answer, or without one. */
export function ends(records: Records, request: Request, answer: Answer): void {
  const { delivery } = request;
  const { receiver } = delivery;
  const nowMs = records.nowMs();
  receiver.onTheirWay.delete(request);
  delivery.last = answer;
  if (answer.kind === 'response') receiver.lastAnswerMs = nowMs;
  followCircuit(receiver, delivery, answer, nowMs);
}

/** The log of the receiver alone says when its circuit must be open: after trouble with five deliveries in a row. */
function followCircuit({ circuit }: Receiver, delivery: Delivery, answer: Answer, nowMs: number): void {
  if (wasBrokenOff(delivery)) return;
  if (answer.kind === 'response' && answer.status < 500) {
    circuit.open = false;
    circuit.streak.clear();
    return;
  }
  if (circuit.open || nowMs <= circuit.ignoreUntilMs) return;
  circuit.streak.add(delivery.id);
  if (circuit.streak.size < STREAK) return;
  circuit.open = true;
  circuit.openedAtMs = nowMs;
  circuit.probedAtMs = -Infinity;
}

/** The process is gone: its requests are cut, and what it knew of rates and circuits is forgotten with it. */
export function processEnds({ receivers }: Records): void {
  for (const receiver of receivers.values()) {
    receiver.onTheirWay.clear();
    receiver.arrivals = [];
    receiver.circuit.open = false;
    receiver.circuit.streak.clear();
  }
}
