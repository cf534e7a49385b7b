/** Where deliveries of each status are: a delivery is due, waits in a lane or was closed by an attempt. */
import type { Closing } from '../../core/attempt.ts';
import type { DeliveryQuery, DeliveryView } from '../../ports/store.ts';

/** A table that a delivery can stand in, or `attempt` by its index of what was not delivered, and how it is read. */
export interface Part {
  table: 'due' | 'lane' | 'attempt' | 'attempt_undelivered';
  pieces: readonly string[];
}

type Status = NonNullable<DeliveryQuery['status']>;

const OPEN: readonly Part[] = [
  { table: 'due', pieces: ['deliveries.due'] },
  { table: 'lane', pieces: ['deliveries.lane'] },
];
const CLOSED: Part = { table: 'attempt', pieces: ['deliveries.closed'] };
const UNDELIVERED: Part = { table: 'attempt_undelivered', pieces: ['deliveries.closed', 'deliveries.undelivered'] };
const CLOSED_UNDELIVERED = [narrowed(UNDELIVERED, 'deliveries.closing')];

/** Where deliveries of each status are. */
const PARTS: Readonly<Record<Status, readonly Part[]>> = {
  pending: OPEN.map((part) => narrowed(part, 'deliveries.pending')),
  failed_retry: OPEN.map((part) => narrowed(part, 'deliveries.retrying')),
  succeeded: [narrowed(CLOSED, 'deliveries.closing')],
  failed_permanent: CLOSED_UNDELIVERED,
  cancelled: CLOSED_UNDELIVERED,
  expired: CLOSED_UNDELIVERED,
  undelivered: [...OPEN, narrowed(UNDELIVERED, 'deliveries.failing')],
};

function narrowed(part: Part, piece: string): Part {
  return { ...part, pieces: [...part.pieces, piece] };
}

/** The parts that deliveries of a status, or of any, are in. */
export function partsOf(status: Status | undefined): readonly Part[] {
  return status === undefined ? [...OPEN, CLOSED] : PARTS[status];
}

/** How a delivery of this status ended; null for one that is open. */
export function closingOf(status: DeliveryQuery['status']): Closing | null {
  switch (status) {
    case 'succeeded':
    case 'failed_permanent':
    case 'cancelled':
    case 'expired':
      return status;
    default:
      return null;
  }
}

/** Whether a delivery of an event is one that was asked for. */
export function matches(view: DeliveryView, query: DeliveryQuery): boolean {
  const { subscriptionId, type, status } = query;
  if (subscriptionId !== undefined && view.subscriptionId !== subscriptionId) return false;
  if (type !== undefined && view.event.type !== type) return false;
  return status === undefined || statusesOf(view).includes(status);
}

/** The words under which a delivery is found. */
function statusesOf(view: DeliveryView): readonly Status[] {
  if (view.open !== null) return [view.last === null ? 'pending' : 'failed_retry', 'undelivered'];
  const closes = view.last?.closes ?? null;
  if (closes === null) return [];
  return closes === 'failed_permanent' || closes === 'expired' ? [closes, 'undelivered'] : [closes];
}
