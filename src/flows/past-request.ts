import type { AttemptRecord } from '../core/attempt.ts';
import { hasReferences, withReferred } from '../core/credential.ts';
import type { HookEvent } from '../core/event.ts';
import { redactHeaders } from '../core/header.ts';
import type { ProfileName } from '../core/profile.ts';
import { type RenderInput, renderAt } from '../core/wire.ts';
import type { DeliveryKind, Ports } from '../ports.ts';
import { openedConfig, subscriptionContext } from './configuration.ts';

/** What a past attempt sent, rendered again. */
export interface PastRequest {
  /** Of the subscription's version of that time. */
  profile: ProfileName;
  maxAttempts: number;
  url: string;
  method: string;
  /** Credentials redacted; of those that stood outside the store it says where. */
  headers: Readonly<Record<string, string>>;
  /** Empty when nothing was sent. */
  body: Uint8Array;
}

interface Past extends Pick<PastRequest, 'headers' | 'body'> {
  /** In place of the headers that were made with values from outside the store. */
  told: Readonly<Record<string, string>>;
}

/**
 * Renders a past attempt's request from the event and the subscription's version of that time. null when that version
 * is gone or its sealing key is missing.
 */
export async function pastRequest(
  ports: Pick<Ports, 'store' | 'sealer' | 'mac'>,
  attempt: AttemptRecord,
  event: HookEvent,
  kind: DeliveryKind,
): Promise<PastRequest | null> {
  const { tenant, subscriptionId, subscriptionVersion, deliveryId, n, atMs, detail } = attempt;
  const sealed = await ports.store.subscriptionVersion(tenant, subscriptionId, subscriptionVersion);
  if (sealed === null) return null;
  const opened = ports.sealer.open(subscriptionContext(tenant, subscriptionId), sealed);
  if (opened.kind === 'unavailable') return null;
  const config = openedConfig(opened.plain);
  const { url, method, auth, profile } = config;
  const settings = { profile, maxAttempts: config.retry.maxRetries + 1 };
  if (!attempt.sent) return { ...settings, url, method, headers: {}, body: new Uint8Array() };
  const { envelopeAtMs, sequence } = detail;
  const isFirst = kind === 'first';
  const input = { event, subscriptionId, config, deliveryId, isFirst, n, sequence, nowMs: atMs };
  const past = renderPast(input, envelopeAtMs, ports.mac);
  const framing = {
    host: new URL(url).host,
    connection: 'keep-alive',
    'content-length': `${past.body.length}`,
    'accept-encoding': 'identity',
  };
  const headers = redactHeaders({ ...framing, ...past.headers }, auth.type === 'header' ? [auth.name] : []);
  return { ...settings, url, method, headers: { ...headers, ...past.told }, body: past.body };
}

/**
 * What stood elsewhere may be another value by now, or gone. So two made-up ones are rendered: headers that differ were
 * made with it, and only tell where it stood.
 */
function renderPast(input: RenderInput, envelopeAtMs: number, mac: Ports['mac']): Past {
  const { config } = input;
  const { credentialRef, secretRef } = config;
  const render = (credential: string, secret: string) => {
    const referred = { credential: credentialRef && credential, secret: secretRef && secret };
    return renderAt({ ...input, config: withReferred(config, referred) }, envelopeAtMs, mac);
  };
  const { headers, body } = render('a', 'a');
  const told: Record<string, string> = {};
  if (!hasReferences(config)) return { headers, body, told };
  const [otherCredential, otherSecret] = [render('b', 'a').headers, render('a', 'b').headers];
  for (const name of Object.keys(headers)) {
    if (headers[name] !== otherCredential[name]) told[name] = `[from ${credentialRef}]`;
    else if (headers[name] !== otherSecret[name]) told[name] = `[from ${secretRef}]`;
  }
  return { headers, body, told };
}
