import type { AnnouncedEvent } from '../core/announcement.ts';
import type { Problem } from '../core/problem.ts';
import type { RejectingEvent } from '../core/rejecting.ts';
import type { LiveSubscription } from './configuration.ts';
import { type Accepted, type PublishPorts, publish } from './publish.ts';

/** Makes news about a subscription an event; the ports are bound already. */
export type Announce = (
  subscription: Pick<LiveSubscription, 'id' | 'tenant'>,
  news: AnnouncedEvent,
) => Promise<Accepted | Problem>;

const utf8 = new TextEncoder();

/**
 * Publishes news about a subscription or a source: an event of its tenant and owner that a subscription does not get
 * about itself. News that was published before is accepted and published no second time, even if its figures have moved
 * on.
 */
export function announce(
  ports: PublishPorts,
  { id, tenant }: Pick<LiveSubscription, 'id' | 'tenant'>,
  news: AnnouncedEvent | RejectingEvent,
): Promise<Accepted | Problem> {
  return publish(ports, {
    tenant,
    type: news.type,
    data: utf8.encode(JSON.stringify(news.data)),
    value: news.data,
    id: news.id,
    owner: ('subscription' in news.data ? news.data.subscription.owner : null) ?? undefined,
    source: { kind: 'system', id },
    bodyHash: () => ports.mac.sha256(news.id),
  });
}
