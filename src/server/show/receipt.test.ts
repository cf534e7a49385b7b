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
