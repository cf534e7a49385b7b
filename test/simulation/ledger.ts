/** Follows each delivery through the store, and checks how it is settled. */

import { parseRetryAfterMs, retryDelayMs } from '../../src/core/retry.ts';
import type { AppendOutcome, AppendRequest, ConfigureOutcome, ConfigureRequest } from '../../src/ports/store.ts';
import type { Settlement, SettleOutcome, SettleRequest } from '../../src/ports.ts';
import { ageMs, complain, type Delivery, type Receiver, type Records, wasBrokenOff } from './record.ts';
import type { Observe } from './slow-store.ts';

/** Engine time is whole milliseconds. */
const ROUNDING_MS = 2;
/** A last try is made this long before the maximum age. */
const LAST_TRY_MARGIN_MS = 5000;
/** What the worker decided just before it heard of a change is on its way this long at most. */
export const HEARD_WITHIN_MS = 100;

/** Reads what operations of the store came to. */
export function observing(records: Records): Observe {
  return (name, args, result) => {
    if (name === 'append') appended(records, args[0] as AppendRequest, result as AppendOutcome);
    if (name === 'settle') allSettled(records, args[0] as SettleRequest, result as readonly SettleOutcome[]);
    if (name === 'configure') configured(records, args[0] as ConfigureRequest, result as ConfigureOutcome);
  };
}

function appended(records: Records, { event, deliveries }: AppendRequest, outcome: AppendOutcome): void {
  if (outcome.kind !== 'appended') return;
  const nowMs = records.nowMs();
  for (const { deliveryId: id, subscriptionId } of deliveries) {
    const receiver = records.receivers.get(subscriptionId);
    if (receiver === undefined) continue;
    const key = receiver.plan.ordered ? event.orderingKey : null;
    const delivery: Delivery = {
      id,
      receiver,
      key,
      eventKey: event.orderingKey,
      ordinal: receiver.made++,
      madeAtMs: nowMs,
      headSinceMs: nowMs,
      notBeforeMs: nowMs,
      attempts: 0,
      begun: new Map(),
      lastBegunMs: -Infinity,
      last: null,
      cancelAsked: false,
      closes: null,
    };
    if (key !== null) standInLine(receiver, key, delivery);
    records.deliveries.set(id, delivery);
    records.open++;
    receiver.open++;
    receiver.mostOpen = Math.max(receiver.mostOpen, receiver.open);
  }
}

function standInLine(receiver: Receiver, key: string, delivery: Delivery): void {
  const line = receiver.keys.get(key) ?? [];
  receiver.keys.set(key, line);
  if (line.length > 0) delivery.headSinceMs = Infinity;
  line.push(delivery);
}

function allSettled(records: Records, { settlements }: SettleRequest, outcomes: readonly SettleOutcome[]): void {
  settlements.forEach((settlement, at) => {
    const delivery = records.deliveries.get(settlement.ticket.deliveryId);
    if (delivery === undefined) return;
    if (outcomes[at]?.kind === 'settled') settled(records, delivery, settlement);
    else records.lostSettles++;
  });
}

function settled(records: Records, delivery: Delivery, { attempt, next }: Settlement): void {
  if (attempt !== null) {
    if (attempt.n !== delivery.attempts + 1)
      complain(records, delivery, `attempt ${attempt.n} after ${delivery.attempts}`);
    delivery.attempts = attempt.n;
  }
  if (next.kind === 'close') {
    close(records, delivery, attempt?.closes ?? 'cancelled');
    return;
  }
  delivery.notBeforeMs = records.nowMs() + next.delayMs - ROUNDING_MS;
  if (attempt !== null && next.kind === 'retry') checkDelay(records, delivery, next.delayMs);
}

/** Not sooner than the policy and the receiver say. */
function checkDelay(records: Records, delivery: Delivery, delayMs: number): void {
  const { retry } = delivery.receiver.config;
  const leastMs = wasBrokenOff(delivery) ? 0 : retryDelayMs(retry, delivery.attempts, 0);
  if (delayMs < leastMs) complain(records, delivery, `is tried again in ${delayMs} ms instead of ${leastMs}`);
  const headers = delivery.last?.kind === 'response' ? delivery.last.headers : {};
  const askedMs = parseRetryAfterMs(headers['retry-after'], 0) ?? 0;
  const leftMs = retry.maxAgeSeconds * 1000 - ageMs(delivery, records.nowMs()) - LAST_TRY_MARGIN_MS - HEARD_WITHIN_MS;
  if (delayMs < Math.min(askedMs, leftMs)) {
    complain(records, delivery, `is tried again in ${delayMs} ms, the receiver asked for ${askedMs}`);
  }
}

function close(records: Records, delivery: Delivery, closes: NonNullable<Delivery['closes']>): void {
  const { receiver, key } = delivery;
  if (delivery.closes !== null) complain(records, delivery, `is closed a second time, as ${closes}`);
  else if (!isJustified(records, delivery, closes)) {
    const last =
      delivery.last === null
        ? 'nothing'
        : delivery.last.kind === 'response'
          ? delivery.last.status
          : delivery.last.code;
    complain(records, delivery, `is closed as ${closes} after ${delivery.attempts} attempts, the last with ${last}`);
  }
  delivery.closes = closes;
  records.open--;
  receiver.open--;
  if (key === null) return;
  const line = (receiver.keys.get(key) ?? []).filter((other) => other !== delivery);
  receiver.keys.set(key, line);
  const [head] = line;
  if (head?.headSinceMs === Infinity) head.headSinceMs = records.nowMs();
}

function isJustified(records: Records, delivery: Delivery, closes: NonNullable<Delivery['closes']>): boolean {
  const { retry } = delivery.receiver.config;
  const status = delivery.last?.kind === 'response' ? delivery.last.status : null;
  switch (closes) {
    case 'succeeded':
      return status === 200;
    case 'cancelled':
      return delivery.cancelAsked;
    case 'failed_permanent':
      if (status === 404 || status === 410) return true;
      return status !== 200 && delivery.attempts > retry.maxRetries && !wasBrokenOff(delivery);
    case 'expired': {
      const delayMs = retryDelayMs(retry, Math.max(1, delivery.attempts), 1);
      return ageMs(delivery, records.nowMs()) + delayMs + HEARD_WITHIN_MS > retry.maxAgeSeconds * 1000;
    }
  }
}

function configured(records: Records, { change }: ConfigureRequest, outcome: ConfigureOutcome): void {
  if (change.kind !== 'put_subscription' || change.state === undefined || outcome.kind !== 'changed') return;
  const receiver = records.receivers.get(change.id);
  if (receiver === undefined) return;
  const nowMs = records.nowMs();
  const { to } = change.state;
  receiver.disturbed = true;
  if (receiver.held?.kind === 'paused' && to !== 'paused') endPause(receiver, nowMs);
  if (to === 'paused') receiver.pauses.push({ fromMs: nowMs, toMs: Infinity });
  const probed = change.state.to === 'disabled' && change.state.reason === 'failures';
  if (to === 'active') receiver.heldUntilMs = nowMs;
  receiver.held = to === 'active' ? null : { kind: to, probed, sinceMs: nowMs };
  const { circuit } = receiver;
  circuit.open = false;
  circuit.streak.clear();
  circuit.ignoreUntilMs = nowMs + HEARD_WITHIN_MS;
}

function endPause(receiver: Receiver, nowMs: number): void {
  const last = receiver.pauses.at(-1);
  if (last !== undefined) last.toMs = nowMs;
}
