import type { AttemptRecord } from '../core/attempt.ts';
import type { HookEvent } from '../core/event.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import { renderBody } from '../core/wire.ts';
import type { Ports } from '../ports.ts';
import { subscriptionContext } from './configuration.ts';

/** What a past attempt sent, rendered again. */
export interface PastRequest {
  url: string;
  method: string;
  body: Uint8Array;
}

const fromUtf8 = new TextDecoder();

/**
 * Renders a past attempt's request from the event and the subscription's version of that time. null when that version
 * is gone or its sealing key is missing.
 */
export async function pastRequest(
  ports: Pick<Ports, 'store' | 'sealer'>,
  attempt: AttemptRecord,
  event: HookEvent,
): Promise<PastRequest | null> {
  const { tenant, subscriptionId, subscriptionVersion, deliveryId } = attempt;
  const sealed = await ports.store.subscriptionVersion(tenant, subscriptionId, subscriptionVersion);
  if (sealed === null) return null;
  const opened = ports.sealer.open(subscriptionContext(tenant, subscriptionId), sealed);
  if (opened.kind === 'unavailable') return null;
  const config = JSON.parse(fromUtf8.decode(opened.plain)) as SubscriptionConfig;
  const body = renderBody({ event, subscriptionId, config, deliveryId }, attempt.detail.envelopeAtMs);
  return { url: config.url, method: config.method, body };
}
