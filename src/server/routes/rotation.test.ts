import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Got, openApi, type TestApi } from '../../../test/support/api.ts';

const BASE = '/api/v1/webhook-subscriptions';
const URL = 'https://api.example.com/hooks';
const DAY_LATER = '2026-03-05T09:30:00.000Z';

async function subscribed(more: object = {}): Promise<{ api: TestApi; path: string }> {
  const api = await openApi();
  const input = { name: 'n', url: URL, authType: 'signature', signatureSecret: 'the old one', ...more };
  const made = await api.call('POST', BASE, input);
  assert.equal(made.status, 201, made.text);
  return { api, path: `${BASE}/${made.json.data.id}` };
}

function rotate(api: TestApi, path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Got> {
  return api.call('POST', `${path}/secret/rotate`, body, { headers });
}

const pointers = ({ json }: Got): string[] => (json.errors ?? []).map(({ pointer }: { pointer: string }) => pointer);

test('a rotation shows the new secret once, until when the old one signs, and another ETag', async () => {
  const { api, path } = await subscribed();
  const got = await api.call('POST', `${path}/secret/rotate`);
  assert.deepEqual([got.status, got.headers.get('etag')], [200, '"2"']);
  assert.match(got.json.data.signatureSecret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.equal(got.json.data.oldSecretsUntil, DAY_LATER);
  const shown = await api.call('GET', path);
  const { signatureSecret: _once, ...same } = got.json.data;
  assert.deepEqual([shown.json.data, shown.headers.get('etag')], [same, '"2"']);
});

test('a secret of the caller is taken and not shown, with the grace it asks for', async () => {
  const { api, path } = await subscribed();
  const got = await rotate(api, path, { secret: 'the new one', graceSeconds: 60 });
  assert.deepEqual([got.status, got.json.data.oldSecretsUntil], [200, '2026-03-04T09:31:00.000Z']);
  assert.doesNotMatch(got.text, /the (new|old) one/);
  await api.call('POST', `${path}/test`, { event: 'deployment.completed' });
  const [sent] = api.sent;
  assert.ok(sent?.headers['x-stella-signature-next'] !== undefined);
  const again = await rotate(api, path, { graceSeconds: 60 });
  assert.match(again.json.detail, /rotate to the secret in use with `graceSeconds` 0/);
  const alone = await rotate(api, path, { secret: 'the new one', graceSeconds: 0 });
  assert.deepEqual([alone.status, alone.json.data.oldSecretsUntil, alone.json.data.version], [200, null, 3]);
  await rotate(api, path, { secret: 'the newest one' });
  const patched = await api.call('PATCH', path, { signatureSecret: 'the newest one' });
  assert.deepEqual([patched.json.data.oldSecretsUntil, patched.json.data.version], [null, 5]);
  const none = await rotate(api, path, { graceSeconds: 0 });
  assert.equal(none.json.data.oldSecretsUntil, null);
});

const WRONG: readonly [body: object, pointer: string][] = [
  [{ graceSeconds: -1 }, '/graceSeconds'],
  [{ graceSeconds: 2_592_001 }, '/graceSeconds'],
  [{ graceSeconds: 1.5 }, '/graceSeconds'],
  [{ graceSeconds: '60' }, '/graceSeconds'],
  [{ secret: '' }, '/secret'],
  [{ secret: 'x'.repeat(1025) }, '/secret'],
  [{ secret: 'whsec_' }, '/secret'],
  [{ secret: 'the old one' }, '/secret'],
  [{ grace: 60 }, '/grace'],
];
test('what is wrong with a rotation is named, and nothing is changed', async () => {
  const { api, path } = await subscribed();
  for (const [body, pointer] of WRONG) {
    const got = await rotate(api, path, body);
    assert.deepEqual([got.status, pointers(got)], [400, [pointer]], JSON.stringify(body).slice(0, 60));
  }
  assert.equal((await api.call('GET', path)).headers.get('etag'), '"1"');
});

test('where nothing is signed, or by a secret that stands elsewhere, a rotation is refused with what to do', async () => {
  for (const more of [
    { authType: 'none', signatureSecret: undefined },
    { signatureSecret: undefined, secretRef: 'env:HOOKYARD_SECRET_A' },
  ]) {
    const { api, path } = await subscribed(more);
    const got = await rotate(api, path);
    assert.deepEqual([got.status, got.json.code], [409, 'rotation_refused']);
    assert.match(got.json.detail, /authType|secretRef/);
  }
});

test('the same key again gives the same secret and rotates once', async () => {
  const { api, path } = await subscribed();
  const headers = { 'Idempotency-Key': 'k-1' };
  const first = await rotate(api, path, {}, headers);
  const again = await rotate(api, path, {}, headers);
  assert.deepEqual([again.status, again.text, again.headers.get('etag')], [200, first.text, '"2"']);
  assert.equal(again.headers.get('idempotent-replayed'), 'true');
  assert.equal((await rotate(api, path, { graceSeconds: 5 }, headers)).json.code, 'idempotency_mismatch');
  const { signatureSecret } = first.json.data;
  const kept = await api.ports.store.recall(first.json.data.tenantId, `POST ${path}/secret/rotate`, 'k-1');
  assert.ok(kept !== null && !Buffer.from(kept.answer).includes(signatureSecret), 'the answer is kept sealed');
});

test('a rotation based on an older version is refused, and one of nobody is not found', async () => {
  const { api, path } = await subscribed();
  assert.equal((await rotate(api, path, {}, { 'If-Match': '"1"' })).status, 200);
  assert.equal((await rotate(api, path, { graceSeconds: 0 }, { 'If-Match': '"1"' })).status, 412);
  assert.equal((await rotate(api, `${BASE}/019a5b6e-8a00-7c3d-9f10-2b64d0f3a801`)).status, 404);
  const viewer = { key: api.keys.viewer };
  assert.equal((await api.call('POST', `${path}/secret/rotate`, {}, viewer)).status, 403);
});

test('other changes leave a rotation as it is; what its end is past is gone with the next one', async () => {
  const { api, path } = await subscribed();
  await rotate(api, path, { graceSeconds: 60 });
  const shown = (await api.call('GET', path)).json.data;
  const same = await api.call('PATCH', path, shown);
  assert.deepEqual([same.status, same.headers.get('etag'), same.json.data], [200, '"2"', shown]);
  const renamed = await api.call('PATCH', path, { name: 'other' });
  assert.equal(renamed.json.data.oldSecretsUntil, shown.oldSecretsUntil);
  api.advance(60_000);
  assert.equal((await api.call('PATCH', path, renamed.json.data)).headers.get('etag'), '"3"');
  const after = await api.call('PATCH', path, { name: 'again' });
  assert.deepEqual([after.json.data.oldSecretsUntil, after.headers.get('etag')], [null, '"4"']);
});
