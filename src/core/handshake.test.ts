import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayAsk, permission } from './handshake.ts';
import { presetScheme } from './signature/schemes.ts';

test('who asks by name is permitted as often as the source takes', () => {
  const headers = { 'webhook-request-origin': 'eventgrid.azure.net' };
  assert.deepEqual(permission(headers, null), { origin: 'eventgrid.azure.net', perMinute: null });
  assert.equal(permission(headers, { count: 5, seconds: 10 })?.perMinute, 30);
  assert.equal(permission(headers, { count: 1, seconds: 3600 })?.perMinute, 1);
});

test('a name that could break out of its header, or none, is not answered', () => {
  for (const origin of ['', ' ', 'a b', 'a\r\nx: y', '*', '-a', `a${'b'.repeat(253)}`]) {
    assert.equal(permission({ 'webhook-request-origin': origin }, null), null, origin);
  }
  assert.equal(permission({}, null), null);
});

test('only senders of CloudEvents ask, and only where a proof needs no body', () => {
  assert.equal(mayAsk('cloudevents', presetScheme('token')), true);
  assert.equal(mayAsk('acr-eventgrid', presetScheme('url')), true);
  assert.equal(mayAsk('cloudevents', presetScheme('hmac-sha256')), false);
  assert.equal(mayAsk('cloudevents', presetScheme('none')), false);
  assert.equal(mayAsk('dockerhub', presetScheme('url')), false);
});
