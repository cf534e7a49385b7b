/**
 * Telling the other processes what the flows of this one hand over: they look at once instead of with their next poll.
 */
import type { Dispatch, Handover, Neighbours } from '../ports.ts';

type Tell = Pick<Neighbours, 'tell'>;

/**
 * A dispatch that passes everything on to the worker of this process, and tells the others what concerns them.
 * @param holds whether this process holds the lease of a shard, so that its own worker has what was put there
 */
export function telling(local: Dispatch, neighbours: Tell, holds: (shard: number) => boolean): Dispatch {
  return {
    offer(handover) {
      local.offer(handover);
      tellWork(neighbours, handover, holds);
    },
    hold: (subscriptionId) => local.hold(subscriptionId),
    recall: (ticket) => local.recall(ticket),
    withdraw(deliveryId) {
      local.withdraw(deliveryId);
      neighbours.tell({ kind: 'closed', deliveryIds: [deliveryId] });
    },
    configurationChanged(tenant) {
      local.configurationChanged(tenant);
      neighbours.tell({ kind: 'configuration', tenants: [tenant] });
    },
  };
}

/** The dispatch of a process that sends nothing: all work is for others. */
export function dispatchless(neighbours: Tell): Dispatch {
  return telling(NOBODY, neighbours, () => false);
}

const NOBODY: Dispatch = {
  offer: () => {},
  hold: () => null,
  withdraw: () => {},
  recall: () => 'unknown',
  configurationChanged: () => {},
};

/** On the path of every event: nothing is allocated while all of it is for this process. */
function tellWork(neighbours: Tell, { tickets }: Handover, holds: (shard: number) => boolean): void {
  let others: Set<number> | null = null;
  for (const { place } of tickets) {
    if (holds(place.shard)) continue;
    others ??= new Set();
    others.add(place.shard);
  }
  if (others !== null) neighbours.tell({ kind: 'work', shards: [...others] });
}
