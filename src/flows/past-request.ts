import type { AttemptRecord } from '../core/attempt.ts';
import type { HookEvent } from '../core/event.ts';
import { redactHeaders } from '../core/header.ts';
import type { SubscriptionConfig } from '../core/subscription.ts';
import { renderAt } from '../core/wire.ts';
import type { Ports } from '../ports.ts';
import { subscriptionContext } from './configuration.ts';

/** What a past attempt sent, rendered again. */
export interface PastRequest {
  url: string;
  method: string;
  /** Credentials redacted. */
  headers: Readonly<Record<string, string>>;
  /** Empty when nothing was sent. */
  body: Uint8Array;
}

const fromUtf8 = new TextDecoder();

/**
 * Renders a past attempt's request from the event and the subscription's version of that time. null when that version
 * is gone or its sealing key is missing.
 */
export async function pastRequest(
  ports: Pick<Ports, 'store' | 'sealer' | 'mac'>,
  attempt: AttemptRecord,
  event: HookEvent,
): Promise<PastRequest | null> {
  const { tenant, subscriptionId, subscriptionVersion, deliveryId, n, atMs, detail } = attempt;
  const sealed = await ports.store.subscriptionVersion(tenant, subscriptionId, subscriptionVersion);
  if (sealed === null) return null;
  const opened = ports.sealer.open(subscriptionContext(tenant, subscriptionId), sealed);
  if (opened.kind === 'unavailable') return null;
  const config = JSON.parse(fromUtf8.decode(opened.plain)) as SubscriptionConfig;
  const { url, method, auth } = config;
  if (!attempt.sent) return { url, method, headers: {}, body: new Uint8Array() };
  const wire = renderAt({ event, subscriptionId, config, deliveryId, n, nowMs: atMs }, detail.envelopeAtMs, ports.mac);
  const framing = { host: new URL(url).host, 'content-length': `${wire.body.length}`, 'accept-encoding': 'identity' };
  const headers = redactHeaders({ ...framing, ...wire.headers }, auth.type === 'header' ? [auth.name] : []);
  return { url, method, headers, body: wire.body };
}
