import type { HookEvent } from '../core/event.ts';
import type { Ticket } from '../ports.ts';

/** A ticket in this process's memory, with the event it points at. */
export interface Item {
  ticket: Ticket;
  event: HookEvent;
  /** An earlier send of this try may have happened before an unclean takeover. */
  mayRepeat: boolean;
  /** Sent although its subscription is held back: the try that finds out whether the receiver is there again. */
  probe: boolean;
}
