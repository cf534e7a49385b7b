import type { Id } from '../core/ids.ts';
import type { StoredReceipt } from '../ports.ts';
import { type FlowPorts, type LiveConfiguration, MAX_DECISIONS } from './configuration.ts';
import { type ReworkPorts, revise, rework, sourceOf } from './rework.ts';
import type { OpenSource } from './sources.ts';

export type ReleasePorts = ReworkPorts & {
  configuration: Pick<FlowPorts['configuration'], 'current' | 'refresh'>;
};

/**
 * `more`: there may be more to release at once. `later`: the source cannot be read now, or others are at its receipts.
 * `done`: nothing is held, or the source is paused again or gone; then what it holds stays held.
 */
export type Released = 'done' | 'more' | 'later';

/** Receipts of one step; nobody waits for them, and their bodies are in memory together. */
const STEP = { receipts: 50, bytes: 8 * 1024 * 1024 };

/** Works through what a source has held, oldest first, one step of it. What was released already is not touched again. */
export async function releaseHeld(ports: ReleasePorts, tenant: Id, sourceId: Id): Promise<Released> {
  const configuration = await ports.configuration.current(tenant);
  const door = doorOf(configuration, sourceId);
  if (typeof door === 'string') return door;
  const held = await ports.store.heldReceipts(sourceId, STEP);
  if (held.length === 0) return 'done';
  return releaseEach(ports, held, { configuration, source: door });
}

/** A source under the configuration that it was looked up in. */
interface Standing {
  configuration: LiveConfiguration;
  source: OpenSource;
}

function doorOf(configuration: LiveConfiguration, sourceId: Id): OpenSource | Released {
  const found = sourceOf(configuration, sourceId);
  if (found.kind === 'problem') return found.code === 'secret_unavailable' ? 'later' : 'done';
  return found.source.config.pausedAtMs === null ? found.source : 'done';
}

async function releaseEach(ports: ReleasePorts, held: readonly StoredReceipt[], standing: Standing): Promise<Released> {
  let released = 0;
  let now = standing;
  for (const stored of held) {
    const one = await release(ports, stored, now);
    if (typeof one === 'string') return one;
    now = one.standing;
    if (one.isReleased) released++;
  }
  return released === 0 ? 'later' : 'more';
}

async function release(
  ports: ReleasePorts,
  stored: StoredReceipt,
  standing: Standing,
): Promise<{ standing: Standing; isReleased: boolean } | Released> {
  const { tenant, sourceId } = stored.receipt;
  let { configuration, source } = standing;
  for (let decisions = 0; decisions < MAX_DECISIONS; decisions++) {
    const revised = await revise(ports, stored, configuration, await rework(ports, stored, source, configuration));
    // Anything else means that a person, or another release, has worked it through meanwhile.
    if (revised.kind !== 'stale') {
      return { standing: { configuration, source }, isReleased: revised.kind === 'revised' };
    }
    configuration = await ports.configuration.refresh(tenant);
    const door = doorOf(configuration, sourceId);
    if (typeof door === 'string') return door;
    source = door;
  }
  return 'later';
}
