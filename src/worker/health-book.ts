import { afterAttempt, type ToldPercent, withoutStreak } from '../core/health.ts';
import type { Id } from '../core/ids.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import type { Health, Ports, Settlement } from '../ports.ts';

/**
 * Health of each subscription this process sends for, begun from what the configuration was read with. It grows with
 * the subscriptions of the configuration and no further: what is deleted is forgotten.
 */
export interface HealthBook {
  /** Counts an attempt; the new health when it has to be written with this settlement, else null. */
  after(subscription: LiveSubscription, settlement: Settlement): Health | null;
  /**
   * What changed since it was last written, for the regular write that keeps "last" fields fresh.
   * @param isWanted which of them; all unless told
   */
  takeChanged(isWanted?: (id: Id) => boolean): ReadonlyMap<Id, Health>;
  /** Begins from what another process has counted meanwhile. */
  begin(subscription: LiveSubscription, health: Health): void;
  /** Forgets what another process counts from now on. */
  forget(isGone: (id: Id) => boolean): void;
  healthOf(subscription: LiveSubscription): Health;
  /** Notes what the owner was told; the regular write keeps it. */
  told(subscription: LiveSubscription, percent: ToldPercent): void;
  /** Follows a subscription's configuration: enabling ends a streak. */
  follow(subscription: LiveSubscription): void;
  /** Forgets what is no longer among a tenant's subscriptions. */
  forgetOthers(tenant: Id, subscriptions: ReadonlyMap<Id, LiveSubscription>): void;
}

interface Page {
  readonly tenant: Id;
  health: Health;
  /** The newest version of the subscription that was seen, and whether it was switched off there. */
  version: number;
  off: boolean;
  /** Monotonic time of the last write. */
  writtenAtMs: number;
}

/**
 * After this long without a write a change is written with its own settlement, so that a quiet system shows it at once.
 * Under load the others wait for the regular write: one row for thousands of deliveries.
 */
const QUIET_MS = 2000;

/** An empty health book. */
export function createHealthBook({ clock }: Pick<Ports, 'clock'>): HealthBook {
  const { pages, changed, change, drop, forget } = createPages();

  function pageOf(subscription: LiveSubscription): Page {
    const known = followed(subscription);
    const page = known ?? firstPage(subscription);
    if (known === undefined) pages.set(subscription.id, page);
    return page;
  }

  function followed(subscription: LiveSubscription): Page | undefined {
    const page = pages.get(subscription.id);
    if (page !== undefined && isEnabledBy(page, subscription))
      change(subscription.id, page, withoutStreak(page.health));
    return page;
  }

  function written(id: Id, page: Page): Health {
    changed.delete(id);
    page.writtenAtMs = clock.monotonicMs();
    return page.health;
  }

  return {
    after(subscription, { attempt, ticket }) {
      if (attempt === null || ticket.kind === 'test') return null;
      const page = pageOf(subscription);
      const health = afterAttempt(page.health, attempt);
      if (health === page.health) return null;
      // Streaks travel with the settlement that changes them; successes in a row may wait.
      const isUrgent = !attempt.delivered || health.consecutiveFailures !== page.health.consecutiveFailures;
      change(subscription.id, page, health);
      const isQuiet = clock.monotonicMs() - page.writtenAtMs >= QUIET_MS;
      return isUrgent || isQuiet ? written(subscription.id, page) : null;
    },
    takeChanged(isWanted = () => true) {
      const wanted = [...changed].filter(([id]) => isWanted(id));
      return new Map(wanted.map(([id, page]) => [id, written(id, page)]));
    },
    begin(subscription, health) {
      const { id } = subscription;
      drop(id);
      // Most are as the configuration was read with: these need no page of their own.
      if (!isSame(subscription.health, health)) pages.set(id, { ...firstPage(subscription), health });
    },
    forget,
    healthOf: (subscription) => followed(subscription)?.health ?? subscription.health,
    told(subscription, toldPercent) {
      const page = pageOf(subscription);
      if (page.health.toldPercent !== toldPercent) change(subscription.id, page, { ...page.health, toldPercent });
    },
    follow: (subscription) => void followed(subscription),
    forgetOthers: (tenant, subscriptions) => forget((id) => pages.get(id)?.tenant === tenant && !subscriptions.has(id)),
  };
}

function createPages() {
  const pages = new Map<Id, Page>();
  /** Those that were not written since. */
  const changed = new Map<Id, Page>();
  const drop = (id: Id) => {
    pages.delete(id);
    changed.delete(id);
  };
  return {
    pages,
    changed,
    change(id: Id, page: Page, health: Health) {
      page.health = health;
      changed.set(id, page);
    },
    drop,
    forget(isGone: (id: Id) => boolean) {
      for (const id of pages.keys()) if (isGone(id)) drop(id);
    },
  };
}

function isSame(one: Health, other: Health): boolean {
  return (Object.keys(one) as (keyof Health)[]).every((field) => one[field] === other[field]);
}

function firstPage({ tenant, health, version, state }: LiveSubscription): Page {
  return { tenant, health, version, off: state.kind === 'disabled', writtenAtMs: Number.NEGATIVE_INFINITY };
}

/**
 * Whether a subscription was enabled since its page was last looked at. The store has ended its streak then; a result
 * that was on its way may have brought it back. Every change of state is a new version, so that an older one, which a
 * long try began with, says nothing here.
 */
function isEnabledBy(page: Page, { version, state }: LiveSubscription): boolean {
  if (version <= page.version) return false;
  const wasOff = page.off;
  page.version = version;
  page.off = state.kind === 'disabled';
  return wasOff && !page.off;
}
