/** Following the configuration that other processes change: a poll, and a look at once when they say that they did. */
import type { Id } from '../core/ids.ts';
import type { Authenticate } from '../flows/authenticate.ts';
import type { ConfigurationCache } from '../flows/configuration.ts';
import type { Dispatch, Neighbours, Ports } from '../ports.ts';

/** With its jitter and its queries well under the second within which a pause is seen. */
const EVERY_MS = 500;

export type FollowingPorts = Pick<Ports, 'clock' | 'random' | 'log'> & {
  neighbours: Pick<Neighbours, 'configVersions'>;
  configuration: Pick<ConfigurationCache, 'tenants' | 'peek' | 'refresh'>;
  authenticate: Pick<Authenticate, 'forget'>;
};

export interface Following extends Pick<Dispatch, 'configurationChanged'> {
  start(): void;
  /** Somebody says that a configuration changed: looks at once. Also a tenant that is not known here may have keys. */
  hint(): void;
  /** Passes a change on that was made by this process, so that it is not found a second time. */
  configurationChanged(tenant: Id): void;
  /** Resolves when nothing is asked or passed on any more. */
  stop(): Promise<void>;
}

interface State {
  readonly ports: FollowingPorts;
  readonly changed: (tenant: Id) => void;
  /** By tenant: the version that was passed on last. The cache may be ahead of it: publishing refreshes it too. */
  readonly passed: Map<Id, number>;
  looking: Promise<void> | null;
  /** A hint came while looking: what was read may be from before it. */
  again: boolean;
  /** The last look failed, and that was said. */
  failing: boolean;
  stopped: boolean;
  cancel(): void;
}

/**
 * Keeps the configurations that are known here as new as those in the store.
 * @param changed called when a tenant's configuration in the cache is another one than at the last call
 */
export function createFollowing(ports: FollowingPorts, changed: (tenant: Id) => void): Following {
  const state: State = {
    ports,
    changed,
    passed: new Map(),
    looking: null,
    again: false,
    failing: false,
    stopped: true,
    cancel: () => {},
  };
  return {
    start() {
      state.stopped = false;
      wait(state);
    },
    hint() {
      ports.authenticate.forget();
      lookNow(state);
    },
    configurationChanged: (tenant) => passOn(state, tenant),
    async stop() {
      state.stopped = true;
      state.cancel();
      await state.looking;
    },
  };
}

function wait(state: State): void {
  if (state.stopped) return;
  const { clock, random } = state.ports;
  state.cancel();
  state.cancel = clock.after(EVERY_MS * (0.8 + 0.4 * random.roll()), () => lookNow(state));
}

/** One look at a time. */
function lookNow(state: State): void {
  if (state.stopped) return;
  if (state.looking !== null) {
    state.again = true;
    return;
  }
  state.looking = look(state).finally(() => {
    state.looking = null;
    wait(state);
    if (!state.again) return;
    state.again = false;
    lookNow(state);
  });
}

async function look(state: State): Promise<void> {
  const { ports } = state;
  try {
    const tenants = ports.configuration.tenants();
    const stored = await ports.neighbours.configVersions(tenants);
    const moved = tenants.filter((tenant) => isBehind(state, tenant, stored.get(tenant) ?? 0));
    // A key of any tenant may have been revoked with it.
    if (moved.length > 0) ports.authenticate.forget();
    // One whose configuration cannot be read keeps nobody else from theirs.
    const outcomes = await Promise.allSettled(moved.map((tenant) => follow(state, tenant, stored.get(tenant) ?? 0)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    state.failing = false;
  } catch (error) {
    if (!state.failing) ports.log.warn('configuration.follow_failed', { error });
    state.failing = true;
  }
}

function isBehind({ ports, passed }: State, tenant: Id, stored: number): boolean {
  const known = ports.configuration.peek(tenant)?.version ?? 0;
  return known < stored || known !== passed.get(tenant);
}

async function follow(state: State, tenant: Id, stored: number): Promise<void> {
  const { configuration } = state.ports;
  if (state.stopped) return;
  if ((configuration.peek(tenant)?.version ?? 0) < stored) await configuration.refresh(tenant);
  if (!state.stopped) passOn(state, tenant);
}

function passOn(state: State, tenant: Id): void {
  const version = state.ports.configuration.peek(tenant)?.version;
  if (version !== undefined) state.passed.set(tenant, version);
  state.changed(tenant);
}
