import { describeFailure } from '../../core/failure.ts';
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

const HELD: Readonly<Record<HoldReason, { heldCause: string; heldRemedy: string }>> = {
  paused: {
    heldCause: 'Somebody paused its subscription. It does not age meanwhile.',
    heldRemedy: 'Resume the subscription: POST …/resume.',
  },
  disabled: {
    heldCause: 'Its subscription is switched off; `disabledReason` says why.',
    heldRemedy: 'Enable the subscription when its receiver is well: POST …/enable.',
  },
  circuit: {
    heldCause: 'Its receiver kept failing, and is asked with single deliveries until it answers.',
    heldRemedy:
      'See why the deliveries before it failed. It goes on by itself; POST …/pause and …/resume goes on at once.',
  },
  full: {
    heldCause: 'Others wait before it.',
    heldRemedy: 'Nothing has to be done; if it lasts, raise `maxConcurrency` or `rateLimit` of the subscription.',
  },
  ordered: {
    heldCause: 'An earlier delivery of its ordering key has to close first.',
    heldRemedy: 'See why the earlier one is not delivered, or cancel it.',
  },
};

const NOT_HELD: ShownHold = { heldCause: null, heldRemedy: null };

/** The words for a reason; nulls for none. */
export function showHold(reason: ShownReason | null, lacks: Lacks | null = null): ShownHold {
  if (reason === null) return NOT_HELD;
  if (reason !== 'secret') return HELD[reason];
  const { error, remedy } = describeFailure('secret_unavailable', lacks ?? {});
  return { heldCause: error, heldRemedy: remedy };
}
