import { type AnnouncedEvent, announcementFor } from '../core/announcement.ts';
import type { Id } from '../core/ids.ts';
import type { Announce } from '../flows/announce.ts';
import type { ConfigurationCache, LiveSubscription } from '../flows/configuration.ts';
import type { Ports } from '../ports.ts';
import type { HealthBook } from './health-book.ts';

/**
 * Tells owners what is yet to be told of their subscriptions. What was told is noted after it is in the store, so that a
 * crash between the two tells it again, under the same id. Never blocks and never rejects.
 */
export interface Herald {
  /** Something happened to a subscription that may be news. */
  look(subscription: LiveSubscription): void;
  /** The same for many: after a takeover, or when their configuration changed. */
  lookAll(subscriptions: Iterable<LiveSubscription>): void;
  /** Tells nothing any more; resolves when what was being told has ended. */
  stop(): Promise<void>;
}

export type HeraldPorts = Pick<Ports, 'clock' | 'log'> & {
  configuration: Pick<ConfigurationCache, 'peek'>;
  announce: Announce;
  /** Whether its news are this process's to tell. */
  isOurs(id: Id): boolean;
};

/** What could not be told is tried again after this. */
const RETRY_MS = 5000;

interface State {
  readonly ports: HeraldPorts;
  readonly book: Pick<HealthBook, 'healthOf' | 'told'>;
  readonly waiting: Map<Id, LiveSubscription>;
  /** What could not be told, with what ends its pause. */
  readonly paused: Map<Id, () => void>;
  telling: Promise<void> | null;
  stopped: boolean;
}

/**
 * A herald over the health book of this process. It tells one thing at a time: each is matched against all
 * subscriptions of the tenant, and when a network fails there may be thousands to tell of at once.
 */
export function createHerald(ports: HeraldPorts, book: State['book']): Herald {
  const state: State = { ports, book, waiting: new Map(), paused: new Map(), telling: null, stopped: false };
  return {
    look: (subscription) => look(state, subscription),
    lookAll(subscriptions) {
      for (const subscription of subscriptions) look(state, subscription);
    },
    stop() {
      state.stopped = true;
      state.waiting.clear();
      for (const cancel of state.paused.values()) cancel();
      state.paused.clear();
      return state.telling ?? Promise.resolve();
    },
  };
}

function look(state: State, before: LiveSubscription): void {
  const { ports, book, waiting, paused, stopped } = state;
  const subscription = current(ports, before);
  if (stopped || subscription === undefined || paused.has(subscription.id)) return;
  if (announcementFor(subscription, book.healthOf(subscription)) === null) return;
  waiting.set(subscription.id, subscription);
  start(state);
}

function start(state: State): void {
  state.telling ??= Promise.resolve()
    .then(() => tellAll(state))
    .finally(() => {
      state.telling = null;
      if (state.waiting.size > 0) start(state);
    });
}

async function tellAll(state: State): Promise<void> {
  // Its iteration reaches what is added meanwhile.
  for (const [id, subscription] of state.waiting) {
    state.waiting.delete(id);
    await tell(state, subscription);
  }
}

async function tell(state: State, before: LiveSubscription): Promise<void> {
  const { ports, book } = state;
  const subscription = current(ports, before);
  const announcement = subscription === undefined ? null : announcementFor(subscription, book.healthOf(subscription));
  if (subscription === undefined || announcement === null) return;
  const { event, told } = announcement;
  if (event !== null && !(await isTold(ports, subscription, event))) return pause(state, subscription);
  book.told(subscription, told);
  // There may be more to tell by now.
  look(state, subscription);
}

function pause(state: State, subscription: LiveSubscription): void {
  if (state.stopped) return;
  const again = () => {
    state.paused.delete(subscription.id);
    look(state, subscription);
  };
  state.paused.set(subscription.id, state.ports.clock.after(RETRY_MS, again));
}

/** As it stands now; what a caller holds may be older. Nothing is told of a deleted one, or of one of others. */
function current({ configuration, isOurs }: HeraldPorts, about: LiveSubscription): LiveSubscription | undefined {
  return isOurs(about.id) ? configuration.peek(about.tenant)?.subscriptions.get(about.id) : undefined;
}

async function isTold(ports: HeraldPorts, subscription: LiveSubscription, news: AnnouncedEvent): Promise<boolean> {
  const about = { subscriptionId: subscription.id, type: news.type };
  try {
    const outcome = await ports.announce(subscription, news);
    if (outcome.kind === 'accepted') return true;
    ports.log.error('announcement.failed', { ...about, problem: outcome.code });
  } catch (error) {
    ports.log.error('announcement.failed', { ...about, error });
  }
  return false;
}
