import type { AttemptRecord } from '../core/attempt.ts';
import type { HookEvent } from '../core/event.ts';
import { redactHeaders } from '../core/header.ts';
import { renderAt } from '../core/wire.ts';
import type { Ports } from '../ports.ts';
import { openedConfig, subscriptionContext } from './configuration.ts';

/** What a past attempt sent, rendered again. */
export interface PastRequest {
  url: string;
  method: string;
  /** Credentials redacted. */
  headers: Readonly<Record<string, string>>;
  /** Empty when nothing was sent. */
  body: Uint8Array;
}

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
  const config = openedConfig(opened.plain);
  const { url, method, auth } = config;
  if (!attempt.sent) return { url, method, headers: {}, body: new Uint8Array() };
  const { envelopeAtMs, sequence } = detail;
  const input = { event, subscriptionId, config, deliveryId, n, sequence, nowMs: atMs };
  const wire = renderAt(input, envelopeAtMs, ports.mac);
  const framing = { host: new URL(url).host, 'content-length': `${wire.body.length}`, 'accept-encoding': 'identity' };
  const headers = redactHeaders({ ...framing, ...wire.headers }, auth.type === 'header' ? [auth.name] : []);
  return { url, method, headers, body: wire.body };
}
