import type { HookEvent } from '../core/event.ts';
import { FORM_GROWTH } from '../core/form.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
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

/** What an item takes in memory while it is on its way; a form may be three times its JSON. */
export function bytesOf(
  { event }: Pick<Item, 'event'>,
  subscription: Pick<LiveSubscription, 'config'> | undefined,
): number {
  return event.data.length * (subscription?.config?.contentType === 'form' ? FORM_GROWTH : 1);
}
