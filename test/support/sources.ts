/** Sources and what they were sent, for journeys of inbound pushes. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RunningHookyard } from './hookyard.ts';

/** A sample payload of this project. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8');
}

/** A source as it was made. */
export interface SourceMade {
  id: string;
  secret?: string;
  urls: { typed?: string; secret?: string };
}

/** Makes a source. */
export async function makeSource(
  { api }: Pick<RunningHookyard, 'api'>,
  fields: Readonly<Record<string, unknown>>,
): Promise<SourceMade> {
  const made = await api<SourceMade>('POST', '/api/v1/sources', fields);
  assert.equal(made.status, 201, made.text);
  return made.data;
}

/** Fields of a receipt that journeys look at. */
export interface ReceiptShown {
  id: string;
  sourceId: string;
  outcome: string;
  reason: string | null;
  duplicateOf: string | null;
  verdict: { ok: boolean; scheme: string; reason: string | null };
  request: { method: string; headers: Readonly<Record<string, string>>; body: string };
  facts: readonly Readonly<Record<string, unknown>>[];
  effects: readonly { kind: string; id: string }[];
}

/** Receipts of a source, newest first. */
export async function receiptsOf(
  { api }: Pick<RunningHookyard, 'api'>,
  { id }: SourceMade,
  more = '',
): Promise<readonly ReceiptShown[]> {
  const { status, text, data } = await api<ReceiptShown[]>('GET', `/api/v1/receipts?sourceId=${id}${more}`);
  assert.equal(status, 200, text);
  return data;
}

/** The signature header of a native push. */
export function signed(secret: string, body: string): { 'X-Hub-Signature-256': string } {
  return {
    'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}
