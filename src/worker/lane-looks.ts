/**
 * Looking at lanes that are held back, at set times: to try their oldest delivery and find out whether the receiver is
 * there again, and to close what has grown too old meanwhile.
 */
import type { Id } from '../core/ids.ts';
import { add, createTimeline, type Timeline, takeDue } from '../core/timeline.ts';
import type { Item } from './item.ts';
import { type Lane, type Lanes, laneTicket } from './lane.ts';

/** `probe`: its circuit is open · `hourly`: it was switched off for its failures · `age`: its oldest may be too old. */
export type LookKind = 'probe' | 'hourly' | 'age';

export interface Looks {
  readonly lanes: Lanes;
  readonly rules: LookRules;
  readonly timeline: Timeline<{ id: Id; kind: LookKind }>;
  /** What the timeline holds, so that nothing is noted twice. */
  readonly noted: Set<string>;
}

export interface LookRules {
  /** Whether a probe of this kind is still wanted and may go now; false also when it is to be asked again later. */
  mayProbe(id: Id, kind: 'probe' | 'hourly'): boolean;
  /** When to look the next time; null when it is not wanted any more. */
  nextMs(id: Id, kind: 'probe' | 'hourly'): number | null;
  /** Milliseconds until an item is too old; 0 or less when it is, null while its age stands still. */
  leftMs(item: Item): number | null;
  /** Takes an item in as a probe. */
  accept(item: Item): void;
  /** Closes an item that is too old. */
  expire(item: Item): void;
}

const LOOK_TICKETS = 64;
const LOOK_BYTES = 1024 * 1024;
/** An age that cannot be told now is asked for again after this. */
const AGE_AGAIN_MS = 60 * 60_000;
/** A look that failed is taken again after this. */
const FAILED_AGAIN_MS = 30_000;
/** What was closed is out of the store by then, and the next page is read. */
const SETTLED_WITHIN_MS = 500;
/** Looks that run at the same time. */
const MAX_LOOKS = 32;

export function createLooks(lanes: Lanes, rules: LookRules): Looks {
  return { lanes, rules, timeline: createTimeline(), noted: new Set() };
}

/** Notes that a lane is to be looked at, unless a look of this kind is noted for it already. */
export function lookAt(looks: Looks, id: Id, kind: LookKind, atMs: number): void {
  const name = `${kind} ${id}`;
  if (looks.noted.has(name)) return;
  looks.noted.add(name);
  add(looks.timeline, atMs, { id, kind });
}

/** Looks at every lane whose time has come. */
export function runLooks(looks: Looks): void {
  const nowMs = looks.lanes.ports.clock.monotonicMs();
  for (let count = 0; count < MAX_LOOKS; count++) {
    const due = takeDue(looks.timeline, nowMs);
    if (due === undefined) return;
    looks.noted.delete(`${due.kind} ${due.id}`);
    look(looks, due.id, due.kind).catch((error: unknown) => {
      looks.lanes.ports.log.error('lane.failed', { subscriptionId: due.id, error });
      lookAt(looks, due.id, due.kind, nowMs + FAILED_AGAIN_MS);
    });
  }
}

async function look(looks: Looks, id: Id, kind: LookKind): Promise<void> {
  const lane = looks.lanes.byId.get(id);
  if (kind === 'age') {
    if (lane !== undefined) await closeAged(looks, lane);
    return;
  }
  if (lane !== undefined && looks.rules.mayProbe(id, kind)) {
    const [oldest] = (await oldestOf(looks, lane, 1)).free;
    if (oldest !== undefined) looks.rules.accept({ ...oldest, probe: true });
  }
  const nextMs = looks.rules.nextMs(id, kind);
  if (nextMs !== null) lookAt(looks, id, kind, nextMs);
}

/** Closes what is too old at the head of a held lane, and notes when the next one will be. */
async function closeAged(looks: Looks, lane: Lane): Promise<void> {
  const { lanes, rules } = looks;
  const nowMs = lanes.ports.clock.monotonicMs();
  if (!lanes.rules.isHeld(lane.id)) return;
  const { free, isEmpty } = await oldestOf(looks, lane, LOOK_TICKETS);
  if (isEmpty) return;
  const unexpired = free.find((item) => !expireOld(looks, item));
  if (unexpired === undefined) lookAt(looks, lane.id, 'age', nowMs + SETTLED_WITHIN_MS);
  else lookAt(looks, lane.id, 'age', nowMs + (rules.leftMs(unexpired) ?? AGE_AGAIN_MS));
}

function expireOld(looks: Looks, item: Item): boolean {
  const leftMs = looks.rules.leftMs(item);
  if (leftMs === null || leftMs > 0) return false;
  looks.rules.expire(item);
  return true;
}

/** The first items of a lane that nobody has in memory: those without a key, else the first of each key. */
async function oldestOf(
  { lanes }: Looks,
  lane: Lane,
  tickets: number,
): Promise<{ free: readonly Item[]; isEmpty: boolean }> {
  const { id: subscriptionId, shard } = lane;
  const limits = { tickets, bytes: LOOK_BYTES };
  let run = await lanes.ports.store.laneRun({ subscriptionId, shard, key: '' }, -1, limits);
  if (run.tickets.length === 0) run = await lanes.ports.store.laneHeads({ subscriptionId, shard }, null, limits);
  await lanes.rules.ready(run.events);
  const free = run.tickets.flatMap((ticket): Item[] => {
    const event = run.events.get(ticket.eventId);
    const isFree = event !== undefined && !lanes.rules.known(ticket.deliveryId) && isDue(ticket, run.nowMs);
    return isFree ? [{ ticket, event, mayRepeat: false, probe: false }] : [];
  });
  return { free, isEmpty: run.tickets.length === 0 };
}

function isDue(ticket: Item['ticket'], nowMs: number): boolean {
  return laneTicket(ticket).place.notBeforeMs <= nowMs;
}
