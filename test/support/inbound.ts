/** Sources and requests to them, for tests of the inbound flows. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { DEFAULT_TENANT } from '../../src/core/ids.ts';
import type { SourceInput } from '../../src/core/source-input.ts';
import type { LiveSource } from '../../src/flows/configuration.ts';
import { createSource } from '../../src/flows/create-source.ts';
import type { InboundRequest } from '../../src/flows/receive/door.ts';
import { createReceive, type Received } from '../../src/flows/receive.ts';
import type { StoredReceipt } from '../../src/ports.ts';
import type { FakePorts } from './ports.ts';

export const SOURCE_SECRET = 'a secret of the sender';

/** UTF-8 of a value as JSON. */
export const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

export const PUSH = json({ image: 'registry.example.com/org/app:1.2.3' });

/** A source of the default tenant, made through the flow. */
export async function door(ports: FakePorts, input: SourceInput): Promise<LiveSource> {
  const made = await createSource(ports, { tenant: DEFAULT_TENANT, by: null, input, enabled: true });
  assert.ok(made.kind === 'created', JSON.stringify(made));
  return made.source;
}

/** The signature of GitHub's and of our own pipelines. */
export function signature(body: Uint8Array, secret = SOURCE_SECRET): [string, string] {
  return ['X-Hub-Signature-256', `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`];
}

/** A signed request to the typed door of a source. */
export function typed(source: LiveSource, changes: Partial<InboundRequest> = {}): InboundRequest {
  const body = changes.body ?? PUSH;
  return {
    tenant: DEFAULT_TENANT,
    door: { kind: 'typed', route: 'registry', sourceId: source.id },
    method: 'POST',
    headers: [signature(body)],
    body,
    remoteAddress: '203.0.113.50',
    ...changes,
  };
}

/** A request to the secret URL of a source. */
export function secret(source: LiveSource, changes: Partial<InboundRequest> = {}): InboundRequest {
  const key = source.config?.urlKey ?? '';
  return { ...typed(source, { headers: [] }), door: { kind: 'secret', key }, ...changes };
}

/** Every receipt, newest first. */
export function receipts(ports: FakePorts): Promise<readonly StoredReceipt[]> {
  return ports.store.receipts({ tenant: DEFAULT_TENANT, limit: 50 });
}

/** One request at doors of its own. */
export function receive(ports: FakePorts, request: InboundRequest): Promise<Received> {
  return createReceive(ports)(request);
}

/** Fails unless the request was stored. */
export function stored(received: Received): Extract<Received, { kind: 'stored' }> {
  assert.ok(received.kind === 'stored', JSON.stringify(received));
  return received;
}
