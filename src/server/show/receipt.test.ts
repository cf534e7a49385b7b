import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aReceipt } from '../../../test/store-contract/samples.ts';
import { showReceipt } from './receipt.ts';

test('a secret in a body that is not UTF-8 is hidden too, and all other bytes stay', () => {
  const secret = 'schlüssel';
  const text = (said: string) =>
    Buffer.concat([Buffer.from('{"name":"M'), Buffer.of(0xfc), Buffer.from(`ller","secret":"${said}"}`)]);
  const receipt = aReceipt('s', { body: new Uint8Array(text(secret)) });
  const { request, warnings } = showReceipt({ receipt, facts: [], eventIds: [] }, { secrets: [secret] });
  assert.equal(request.bodyEncoding, 'base64');
  assert.equal(Buffer.from(request.body, 'base64').compare(text('[redacted]')), 0);
  assert.equal(warnings.length, 1);
});

test('the key of a secret URL is hidden in a body that is no JSON, and in headers that are kept', () => {
  const key = '3f2a9c51-0b7e-4d1c-9a64-c0ffee123456';
  const url = `https://hooks.example.com/api/webhook/${key}`;
  const receipt = aReceipt('s', {
    headers: { 'ce-source': url, 'x-request-id': 'hush', 'content-type': 'text/plain' },
    body: new TextEncoder().encode(`sent to ${url}`),
  });
  const { request, warnings } = showReceipt({ receipt, facts: [], eventIds: [] }, { secrets: [key, 'hush'] });
  assert.equal(request.body, 'sent to https://hooks.example.com/api/webhook/[redacted]');
  assert.deepEqual(request.headers, {
    'ce-source': 'https://hooks.example.com/api/webhook/[redacted]',
    'x-request-id': '[redacted]',
    'content-type': 'text/plain',
  });
  assert.equal(warnings.length, 1);
});
