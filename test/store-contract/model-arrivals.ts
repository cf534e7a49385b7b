/** What senders may send in the model test, drawn by dice. */
import type { DedupeKey } from '../../src/core/dedupe.ts';
import { type Outcome, REJECTED_KEPT_MS } from '../../src/core/receipt.ts';
import type { EventAppend, ReceiptRequest } from '../../src/ports/store.ts';
import type { Dice, World } from './model.ts';
import { pick } from './model.ts';
import { aDelivery, anEvent, aReceipt, bytes, engineMs, FACT, recording } from './samples.ts';

const OUTCOMES: readonly Outcome[] = ['processed', 'processed', 'held', 'held', 'ignored', 'rejected', 'handshake'];
const WINDOWS: readonly (number | null)[] = [null, 8_000, 15_000];
const REDELIVERIES: readonly (number | null)[] = [null, 0, 5_000];
const BODIES = ['one', 'one', 'another'];

/** Few keys, so that they meet. */
export function dedupeOf(roll: number): DedupeKey | null {
  if (roll % 4 === 0) return null;
  const redeliveryAfterMs = pick(REDELIVERIES, Math.floor(roll / 10)) ?? null;
  return { key: `id ${roll % 3}`, windowMs: pick(WINDOWS, Math.floor(roll / 100)) ?? null, redeliveryAfterMs };
}

/** None half of the time; few, so that they meet. */
export function replayOf(roll: number): DedupeKey | null {
  if (roll % 2 === 0) return null;
  return { key: `bytes ${roll % 5}`, windowMs: 8_000 + (roll % 3) * 5_000, redeliveryAfterMs: null };
}

/** Up to two events, now and then one that is stored already. */
export function eventsOf(world: World, { a, b }: Dice): EventAppend[] {
  const kept = pick([...world.events.values()], a);
  const repeated = b % 5 === 0 && kept !== undefined ? [{ event: kept.event, deliveries: [] }] : [];
  const [subscription] = world.subscriptions.slice(a % world.subscriptions.length);
  const fresh = Array.from({ length: b % 3 }, () => {
    const event = anEvent();
    return { event, deliveries: subscription === undefined ? [] : [aDelivery(event, subscription)] };
  });
  return [...repeated, ...fresh];
}

/** A request as its sender makes it: a fresh one under the configuration that stands. */
export async function arriving(world: World, dice: Dice): Promise<ReceiptRequest> {
  const { a, b, c, ms } = dice;
  const outcome = pick(OUTCOMES, b) ?? 'processed';
  const ageMs = c % 6 === 0 ? REJECTED_KEPT_MS - 5_000 : ms;
  const receipt = aReceipt(pick(world.receipts.sources, a) ?? '', {
    outcome,
    body: bytes(pick(BODIES, c) ?? ''),
    receivedAtMs: (await engineMs(world.under.store)) - ageMs,
    proof: outcome === 'rejected' ? bytes('proof') : null,
  });
  return recording(receipt, {
    facts: outcome === 'processed' ? [FACT] : [],
    events: outcome === 'processed' ? eventsOf(world, dice) : [],
    dedupe: dedupeOf(c),
    replay: replayOf(a),
    configVersion: world.configVersion,
    maxRejected: 1 + (a % 3),
  });
}
