import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf, event } from '../../test/support/wire.ts';
import { formBody } from '../core/form.ts';
import { bytesOf } from './item.ts';

test('an item is counted as long as what is sent of it may be: as JSON, as a form, to nobody', () => {
  const data = new Uint8Array(1000).fill('"'.charCodeAt(0));
  const item = { event: { ...event, data } };
  assert.equal(bytesOf(item, { config: configOf({}) }), 1000);
  assert.equal(bytesOf(item, { config: configOf({ contentType: 'form' }) }), 3000);
  assert.equal(bytesOf(item, undefined), 1000);
  assert.equal(formBody(data).length, 'payload='.length + 3000, 'the longest form there is');
});
