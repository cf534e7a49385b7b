/** What one sender signs and how, written by hand for tests that get it wrong in one place. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { formBody } from '../../src/core/form.ts';
import type { HashName, Scheme } from '../../src/core/signature/scheme.ts';
import { presetScheme, resolveScheme, type SchemeInput } from '../../src/core/signature/schemes.ts';

/** When everything here was signed. */
export const NOW_SECONDS = 1_767_225_600;
export const NOW = `${NOW_SECONDS}`;
export const SECRET = 'a-secret-of-the-sender';
export const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
export const WHSEC = `whsec_${KEY.toString('base64')}`;
export const BODY = '{"image": "shop/api:1", "size": 1.0, "note": "né/1"}';

export const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** A scheme of the table with settings that it accepts. */
export function custom(input: SchemeInput): Scheme {
  const choice = resolveScheme(input);
  assert.ok(choice.kind === 'scheme', JSON.stringify(choice));
  return choice.scheme;
}

export const github = presetScheme('github');
export const gitea = presetScheme('gitea');
export const stripe = presetScheme('stripe');
export const slack = presetScheme('slack');
export const standard = presetScheme('standard-webhooks');
export const token = presetScheme('token');
export const gitlab = custom({ type: 'token', header: 'X-Gitlab-Token' });
export const HUB = 'X-Hub-Signature-256';

/** A MAC in hex. */
export function hex(
  message: string | Uint8Array,
  key: string | Uint8Array = SECRET,
  hash: HashName = 'sha256',
): string {
  return createHmac(hash, key).update(message).digest('hex');
}

/** A MAC in base64. */
export function b64(message: string | Uint8Array, key: string | Uint8Array = SECRET): string {
  return createHmac('sha256', key).update(message).digest('base64');
}

/** A text in base64. */
export const asBase64 = (text: string) => Buffer.from(text).toString('base64');
/** As GitHub signs. */
export const hub = (message: string, key: string | Uint8Array = SECRET): string[] => [
  HUB,
  `sha256=${hex(message, key)}`,
];

/** `v1,` over id, timestamp and body. */
export function hooks(
  changes: { id?: string; at?: string; signature?: string; key?: string | Uint8Array } = {},
): string[] {
  const { id = 'msg_1', at = NOW, key = KEY } = changes;
  const signature = changes.signature ?? `v1,${b64(`${id}.${at}.${BODY}`, key)}`;
  return ['webhook-id', id, 'webhook-timestamp', at, 'webhook-signature', signature];
}

/** JSON in the field `payload` of a form. */
export const form = (json: string) => Buffer.from(formBody(bytes(json))).toString();
export const FORM = ['content-type', 'application/x-www-form-urlencoded; charset=utf-8'];
