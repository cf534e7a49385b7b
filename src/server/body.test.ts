import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi } from '../../test/support/api.ts';

const PATHS = ['/api/v1/events', '/api/v1/webhook-subscriptions'];

test('bodies that are no JSON object are refused with the place of the fault', async () => {
  const api = await openApi();
  const cases: [body: string, code: string, detail: RegExp][] = [
    ['', 'invalid_json', /not valid JSON/],
    ['{"type": nope}', 'invalid_json', /line 1, column 10/],
    ['{"type":"a"', 'invalid_json', /line 1/],
    ['[1]', 'invalid_json', /object at its top level/],
    ['"text"', 'invalid_json', /object at its top level/],
    ['{"type":"a","type":"b"}', 'invalid_json', /twice/],
    [`{"data":${'['.repeat(64)}${']'.repeat(64)}}`, 'json_too_deep', /64 levels/],
    [`{"data":${'['.repeat(200_000)}`, 'json_too_deep', /64 levels/],
  ];
  for (const path of PATHS) {
    for (const [body, code, detail] of cases) {
      const headers = { 'Content-Type': 'application/json' };
      const got = await api.call('POST', path, body, { headers });
      assert.deepEqual([got.status, got.json.code], [400, code], body.slice(0, 40));
      assert.match(got.json.detail, detail);
    }
  }
});

test('a name that stands twice is pointed at', async () => {
  const api = await openApi();
  const got = await api.call('POST', '/api/v1/events', '{"type":"a","data":1,"type":"b"}');
  assert.equal(got.json.errors[0].pointer, '/type');
});

test('bytes that are not UTF-8 are refused', async () => {
  const api = await openApi();
  const response = await api.app.fetch(
    new Request('http://hookyard.test/api/v1/events', {
      method: 'POST',
      headers: { Authorization: `Bearer ${api.keys.admin}`, 'Content-Type': 'application/json' },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    }),
  );
  const problem = (await response.json()) as { code: string; detail: string };
  assert.deepEqual([response.status, problem.code], [400, 'invalid_json']);
  assert.match(problem.detail, /UTF-8 \(byte 2\)/);
});

test('a body over the limit is 413 and the limit is named, declared or not', async () => {
  const api = await openApi({ maxBodyBytes: 2048 });
  const body = JSON.stringify({ type: 'a', data: 'x'.repeat(4000) });
  for (const headers of [{}, { 'Content-Length': `${body.length}` }]) {
    const got = await api.call('POST', '/api/v1/events', body, { headers });
    assert.deepEqual([got.status, got.json.code], [413, 'body_too_large']);
    assert.match(got.json.detail, /2048 bytes/);
  }
  assert.equal((await api.call('POST', '/api/v1/events', { type: 'a', data: 'x'.repeat(1900) })).status, 202);
});

test('a body is refused by its declared length before it is read', async () => {
  const api = await openApi();
  const headers = { 'Content-Length': '9999999999' };
  for (const path of PATHS) {
    assert.equal((await api.call('POST', path, '{}', { headers })).status, 413, path);
  }
});

test('other content types and compressed bodies are refused', async () => {
  const api = await openApi();
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'text/json'];
  for (const path of PATHS) {
    for (const type of types) {
      const got = await api.call('POST', path, '{}', { headers: { 'Content-Type': type } });
      assert.deepEqual([got.status, got.json.code], [415, 'unsupported_media_type'], type);
    }
    const zipped = await api.call('POST', path, '{}', { headers: { 'Content-Encoding': 'gzip' } });
    assert.deepEqual([zipped.status, zipped.json.code], [415, 'unsupported_encoding']);
  }
  const headers = { 'Content-Type': 'Application/JSON; charset="UTF-8"' };
  assert.equal((await api.call('POST', '/api/v1/events', { type: 'a', data: 1 }, { headers })).status, 202);
});
