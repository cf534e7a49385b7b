/** What a change of a subscription's state does to the columns that keep it. */
import type { Pause } from '../../core/subscription.ts';
import type { StateChange } from '../../ports/store.ts';

export interface StateColumns {
  state: StateChange['to'];
  state_reason: string | null;
  /** JSON. */
  pauses: string;
}

export interface Entered {
  state: StateChange['to'];
  sinceMs: number | null;
  reason: string | null;
  /** JSON. */
  pauses: string;
  /** What the owner was told stays: that it is on again is yet to be told. */
  endsStreak: boolean;
}

/** Entering the state it is in already changes nothing (null), so that a pause keeps its beginning. */
export function afterChange(current: StateColumns, change: StateChange, nowMs: number): Entered | null {
  const reason = change.to === 'disabled' ? change.reason : null;
  if (current.state === change.to && current.state_reason === reason) return null;
  return {
    state: change.to,
    sinceMs: change.to === 'active' ? null : nowMs,
    reason,
    pauses: JSON.stringify(pausesAfter(JSON.parse(current.pauses), change, nowMs)),
    endsStreak: current.state === 'disabled' && change.to === 'active',
  };
}

function pausesAfter(pauses: readonly Pause[], change: StateChange, nowMs: number): readonly Pause[] {
  const closed = pauses.map((pause) => (pause.toMs === null ? { ...pause, toMs: nowMs } : pause));
  return change.to === 'paused' ? [...closed, { fromMs: nowMs, toMs: null }] : closed;
}
