/**
 * Looking at lanes that are held back, at set times: to try their oldest delivery and find out whether the receiver is
 * there again, and to close what has grown too old meanwhile.
 */
import type { HookEvent } from '../core/event.ts';
import type { Id } from '../core/ids.ts';
import { add, createTimeline, type Timeline, takeDue } from '../core/timeline.ts';
import type { ReadLimits, Ticket, Tickets } from '../ports.ts';
import type { Item } from './item.ts';
import { FROM_THE_FIRST, type Lane, type Lanes, laneTicket, readLane, takeSuspect } from './lane.ts';

/** `probe`: its circuit is open · `hourly`: it was switched off for its failures · `age`: its oldest may be too old. */
export type LookKind = 'probe' | 'hourly' | 'age';

export interface Looks {
  readonly lanes: Lanes;
  readonly rules: LookRules;
  readonly timeline: Timeline<Look>;
  /** What the timeline holds, so that nothing is noted twice. */
  readonly noted: Map<string, Look>;
  running: number;
}

interface Look {
  readonly id: Id;
  readonly kind: LookKind;
  /** Its shard left. */
  isVoid: boolean;
}

export interface LookRules {
  /** Whether a subscription is the business of this process. */
  isOurs(id: Id): boolean;
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

const LOOK: ReadLimits = { tickets: 64, bytes: 1024 * 1024 };
/** Pages of keys that one look turns over; keys beyond them are seen when these have moved on. */
const MAX_PAGES = 16;
/** An age that cannot be told now is asked for again after this. */
const AGE_AGAIN_MS = 60 * 60_000;
/** A look that failed is taken again after this. */
const FAILED_AGAIN_MS = 30_000;
/** What was closed is out of the store by then, and the next page is read. */
const SETTLED_WITHIN_MS = 500;
/** Looks that run at the same time: what many circuits that opened together ask of the store would hold up others. */
const MAX_LOOKS = 2;

export function createLooks(lanes: Lanes, rules: LookRules): Looks {
  return { lanes, rules, timeline: createTimeline(), noted: new Map(), running: 0 };
}

/** Notes that a lane is to be looked at, unless a look of this kind is noted for it already. */
export function lookAt(looks: Looks, id: Id, kind: LookKind, atMs: number): void {
  const name = `${kind} ${id}`;
  if (looks.noted.has(name) || !looks.rules.isOurs(id)) return;
  const noted: Look = { id, kind, isVoid: false };
  looks.noted.set(name, noted);
  add(looks.timeline, atMs, noted);
}

/** Forgets the looks at subscriptions whose shard left. */
export function forgetLooks(looks: Looks, isGone: (id: Id) => boolean): void {
  for (const [name, noted] of looks.noted) {
    if (!isGone(noted.id)) continue;
    noted.isVoid = true;
    looks.noted.delete(name);
  }
}

/** Looks at every lane whose time has come, some at a time. */
export function runLooks(looks: Looks): void {
  const nowMs = looks.lanes.ports.clock.monotonicMs();
  while (looks.running < MAX_LOOKS) {
    const due = takeDue(looks.timeline, nowMs);
    if (due === undefined) return;
    if (due.isVoid) continue;
    looks.noted.delete(`${due.kind} ${due.id}`);
    looks.running++;
    look(looks, due.id, due.kind)
      .catch((error: unknown) => {
        looks.lanes.ports.log.error('lane.failed', { subscriptionId: due.id, error });
        lookAt(looks, due.id, due.kind, nowMs + FAILED_AGAIN_MS);
      })
      .finally(() => {
        looks.running--;
        runLooks(looks);
      });
  }
}

async function look(looks: Looks, id: Id, kind: LookKind): Promise<void> {
  const { lanes, rules } = looks;
  const lane = lanes.byId.get(id);
  const nowMs = lanes.ports.clock.monotonicMs();
  if (lane !== undefined && !lanes.rules.safe(lane.shard)) lookAt(looks, id, kind, nowMs + FAILED_AGAIN_MS);
  else if (kind === 'age') {
    if (lane !== undefined) await closeAged(looks, lane);
  } else {
    if (lane !== undefined) await probe(looks, lane, kind);
    const nextMs = rules.nextMs(id, kind);
    if (nextMs !== null) lookAt(looks, id, kind, nextMs);
  }
}

/** Sends the oldest delivery that is due, if one may go to find out. */
async function probe({ lanes, rules }: Looks, lane: Lane, kind: 'probe' | 'hourly'): Promise<void> {
  if (lane.drained && lane.keys.swept) return;
  await turnOver(lanes, lane, (ticket, event, nowMs) => {
    if (laneTicket(ticket).place.notBeforeMs > nowMs) return false;
    if (!rules.mayProbe(lane.id, kind)) return true;
    const isKeyed = laneTicket(ticket).place.key !== '';
    const mayRepeat = isKeyed ? lane.keys.suspect : takeSuspect(lanes, lane, ticket);
    rules.accept({ ticket, event, mayRepeat, probe: true });
    return true;
  });
}

/** Closes what is too old of a held lane, and notes when the next one will be. */
async function closeAged(looks: Looks, lane: Lane): Promise<void> {
  const { lanes, rules } = looks;
  const nowMs = lanes.ports.clock.monotonicMs();
  if (!lanes.rules.isHeld(lane.id)) return;
  let leftMs = Number.POSITIVE_INFINITY;
  const isEmpty = await turnOver(lanes, lane, (ticket, event) => {
    const item = { ticket, event, mayRepeat: false, probe: false };
    const itsMs = rules.leftMs(item) ?? AGE_AGAIN_MS;
    if (itsMs <= 0) rules.expire(item);
    leftMs = Math.min(leftMs, Math.max(itsMs, SETTLED_WITHIN_MS));
    return false;
  });
  if (!isEmpty) lookAt(looks, lane.id, 'age', nowMs + Math.min(leftMs, AGE_AGAIN_MS));
}

type Visit = (ticket: Ticket, event: HookEvent, nowMs: number) => boolean;

/**
 * Visits the first items of a lane that nobody has in memory: of those without a key, then of each key the first, until
 * `visit` says that it is enough. True when nothing stands in the lane.
 */
async function turnOver(lanes: Lanes, lane: Lane, visit: Visit): Promise<boolean> {
  const { store } = lanes.ports;
  const { id: subscriptionId, shard } = lane;
  const unkeyed = store.laneRun({ subscriptionId, shard, key: '' }, FROM_THE_FIRST, LOOK);
  const plain = await visitPage(lanes, lane, unkeyed, visit);
  let isEmpty = plain.isEmpty;
  // Behind those without a key.
  let afterKey: string | null = plain.isEnough ? null : '';
  for (let pages = 0; afterKey !== null && pages < MAX_PAGES; pages++) {
    const page = await visitPage(lanes, lane, store.laneHeads({ subscriptionId, shard }, afterKey, LOOK), visit);
    isEmpty &&= page.isEmpty;
    afterKey = page.isEnough ? null : page.nextKey;
  }
  return isEmpty;
}

interface Page {
  isEmpty: boolean;
  isEnough: boolean;
  /** null when nothing stands behind it. */
  nextKey: string | null;
}

function visitPage(lanes: Lanes, lane: Lane, read: Promise<Tickets>, visit: Visit): Promise<Page> {
  return readLane(lanes, lane, read, ({ tickets, events, more, nowMs }, isGone) => {
    const isEnough = tickets.some((ticket) => {
      const event = events.get(ticket.eventId);
      if (event === undefined || isGone(ticket) || lanes.rules.known(ticket.deliveryId)) return false;
      return visit(ticket, event, nowMs);
    });
    const last = tickets.at(-1);
    const nextKey = last === undefined || more.length === 0 ? null : laneTicket(last).place.key;
    return { isEmpty: tickets.length === 0, isEnough, nextKey };
  });
}
