/** What the query thread can answer. A generator yields where other queries may have their turn. */
import {
  configuration,
  configVersion,
  health,
  keyByHash,
  keys,
  recall,
  subscriptionVersion,
  troubled,
} from './query-configuration.ts';
import { deliveries } from './query-deliveries.ts';
import { attempts, delivery, lane, openTickets } from './query-delivery.ts';
import { event, events } from './query-events.ts';
import { pulse } from './query-pulse.ts';
import { heldReceipts, receipt, receipts } from './query-receipts.ts';

export const queries = {
  pulse,
  configuration,
  configVersion,
  subscriptionVersion,
  health,
  troubled,
  keyByHash,
  keys,
  recall,
  events,
  event,
  deliveries,
  delivery,
  attempts,
  openTickets,
  lane,
  receipts,
  receipt,
  heldReceipts,
};

export type Queries = typeof queries;
export type QueryName = keyof Queries;
/** One query on its way to the thread. */
export type Ask = readonly [name: QueryName, input: unknown] | typeof COPY_LOG;

/** Asks the query thread to copy the log into the database, which is not its own connection's work. */
export const COPY_LOG = 'copy_log';
