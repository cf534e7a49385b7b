/** Tells of a source that has begun to reject what it is sent: one event for each row of rejected requests. */
import type { Id } from '../../core/ids.ts';
import { rejectingEvent } from '../../core/rejecting.ts';
import type { Ports } from '../../ports.ts';
import { announce } from '../announce.ts';
import type { PublishPorts } from '../publish.ts';
import { findRejecting, sourceNameOf } from '../rejecting-sources.ts';
import type { OpenSource } from '../sources.ts';
import type { Shedding } from './shedding.ts';

export interface Rejections {
  /** A rejected request is stored: when its sender has the answer, it is looked whether that is news. */
  rejected(source: OpenSource): void;
  /** A request was proved, which ends every row; costs a look into memory. */
  proved(sourceId: Id): void;
}

/** Once it was told, or could not be, a source is looked at no more often, however much it is sent. */
const QUIET_MS = 60_000;

interface State {
  /** In ms of the monotonic clock: not looked at before. */
  quietUntilMs: number;
  isLooking: boolean;
  /** Another one was rejected while the last look was under way. */
  again: boolean;
}

type RejectionPorts = PublishPorts & Pick<Ports, 'log'>;

/**
 * What is told stands in the store: the row is read from the latest receipts, and the event's id is made of the source
 * and the last request that was proved before it. So other processes, and the next start, tell it no second time.
 * @param later does something once the sender has its answer, unless too much waits already
 */
export function createRejections(ports: RejectionPorts, later: Shedding['later']): Rejections {
  const states = new Map<Id, State>();
  return {
    rejected(source) {
      const state = states.get(source.id) ?? { quietUntilMs: 0, isLooking: false, again: false };
      states.set(source.id, state);
      if (state.isLooking) state.again = true;
      else if (ports.clock.monotonicMs() >= state.quietUntilMs) later(() => lookUntilQuiet(ports, source, state));
    },
    proved(sourceId) {
      const state = states.get(sourceId);
      // One that is looked at, or was told of lately, stays as it is: requests of both kinds in turn make no more looks.
      if (state === undefined || state.isLooking || ports.clock.monotonicMs() < state.quietUntilMs) return;
      states.delete(sourceId);
    },
  };
}

async function lookUntilQuiet(ports: RejectionPorts, source: OpenSource, state: State): Promise<void> {
  const isQuiet = () => ports.clock.monotonicMs() < state.quietUntilMs;
  // Several may have been put off until now.
  if (state.isLooking || isQuiet()) return;
  state.isLooking = true;
  try {
    do {
      state.again = false;
      if (await tell(ports, source)) state.quietUntilMs = ports.clock.monotonicMs() + QUIET_MS;
    } while (state.again && !isQuiet());
  } finally {
    state.isLooking = false;
  }
}

/** Whether there was something to tell, be it told now, or before, or not at all. */
async function tell(ports: RejectionPorts, source: OpenSource): Promise<boolean> {
  const { id: sourceId, tenant } = source;
  const type = 'source.rejecting';
  try {
    const row = await findRejecting(ports, tenant, sourceId);
    if (row === null) return false;
    const told = await announce(ports, source, rejectingEvent(sourceNameOf(source), row));
    const { rejected, reason } = row;
    if (told.kind === 'problem') ports.log.error('announcement.failed', { sourceId, type, problem: told.code });
    else if (told.repeats === null) ports.log.warn('source.rejecting', { sourceId, rejected, reason });
  } catch (error) {
    ports.log.error('announcement.failed', { sourceId, type, error });
  }
  return true;
}
