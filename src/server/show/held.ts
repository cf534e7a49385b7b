import { describeFailure } from '../../core/failure.ts';
import { isoTime } from '../../core/time.ts';
import type { HoldReason } from '../../ports.ts';

/** Why an open delivery waits: what the store holds it back for, or that its secret cannot be read. */
export type ShownReason = HoldReason | 'secret';

/** Of a secret that cannot be read: where it should stand, or the key it is sealed with. */
export type Lacks = Readonly<Record<string, string>>;

/** Why an open delivery is held back, and what to do, in words. */
export interface ShownHold {
  heldCause: string | null;
  heldRemedy: string | null;
}

/** Since when that is so, and by when the receiver is tried again; null where it is not known. */
export interface HoldTimes {
  sinceMs: number | null;
  nextProbeMs: number | null;
}

interface HeldRow {
  code: 'circuit_open' | 'held';
  /** Goes into the sentence of the failure table, before its times. */
  reason: string;
  /** What else there is to know. */
  besides: string | null;
  heldRemedy: string;
}

const HELD: Readonly<Record<HoldReason, HeldRow>> = {
  paused: {
    code: 'held',
    reason: 'its subscription has been paused',
    besides: 'It does not age meanwhile.',
    heldRemedy: 'Resume the subscription: POST …/resume.',
  },
  disabled: {
    code: 'held',
    reason: 'its subscription has been switched off',
    besides: '`disabledReason` of the subscription says why.',
    heldRemedy: 'Enable the subscription when its receiver is well: POST …/enable.',
  },
  circuit: {
    code: 'circuit_open',
    reason: 'its circuit has been open',
    besides: 'The receiver kept failing, and is asked with single deliveries until it answers.',
    heldRemedy:
      'See why the deliveries before it failed. It goes on by itself; POST …/pause and …/resume goes on at once.',
  },
  full: {
    code: 'held',
    reason: 'others have been waiting before it',
    besides: null,
    heldRemedy: 'Nothing has to be done; if it lasts, raise `maxConcurrency` or `rateLimit` of the subscription.',
  },
  ordered: {
    code: 'held',
    reason: 'an earlier delivery of its ordering key has to close first',
    besides: null,
    heldRemedy: 'See why the earlier one is not delivered, or cancel it.',
  },
};

const NOT_HELD: ShownHold = { heldCause: null, heldRemedy: null };
const NO_TIMES: HoldTimes = { sinceMs: null, nextProbeMs: null };

/** The words for a reason; nulls for none. */
export function showHold(
  reason: ShownReason | null,
  times: HoldTimes = NO_TIMES,
  lacks: Lacks | null = null,
): ShownHold {
  if (reason === null) return NOT_HELD;
  if (reason === 'secret') {
    const { error, remedy } = describeFailure('secret_unavailable', lacks ?? {});
    return { heldCause: error, heldRemedy: remedy };
  }
  const { code, besides, heldRemedy } = HELD[reason];
  const { error } = describeFailure(code, factsOf(HELD[reason], times));
  return { heldCause: besides === null ? error : `${error} ${besides}`, heldRemedy };
}

function factsOf({ reason }: HeldRow, { sinceMs, nextProbeMs }: HoldTimes): Readonly<Record<string, string>> {
  return {
    reason,
    ...(sinceMs === null ? {} : { since: isoTime(sinceMs) }),
    // Anything that falls due before may be the probe.
    ...(nextProbeMs === null ? {} : { at: `by ${isoTime(nextProbeMs)}` }),
  };
}
