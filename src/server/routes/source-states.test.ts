import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Got, openApi, type TestApi } from '../../../test/support/api.ts';

const BASE = '/api/v1/sources';
const NOW = '2026-03-04T09:30:00.000Z';
const DAY_LATER = '2026-03-05T09:30:00.000Z';
const HOUR_LATER = '2026-03-04T10:30:00.000Z';
const pointers = ({ json }: Got): string[] => (json.errors ?? []).map(({ pointer }: { pointer: string }) => pointer);

async function made(fields: object): Promise<{ api: TestApi; path: string; data: Got['json'] }> {
  const api = await openApi();
  const got = await api.call('POST', BASE, fields);
  assert.equal(got.status, 201, got.text);
  return { api, path: `${BASE}/${got.json.data.id}`, data: got.json.data };
}

describe('a secret that is rotated', () => {
  test('is shown once, with until when the old one goes on and another ETag', async () => {
    const { api, path } = await made({ type: 'native' });
    const got = await api.call('POST', `${path}/secret/rotate`);
    assert.deepEqual([got.status, got.headers.get('etag')], [200, '"2"']);
    assert.match(got.json.data.secret, /^[\w-]{43}$/);
    assert.equal(got.json.data.oldSecretsUntil, DAY_LATER);
    const { secret: _once, ...same } = got.json.data;
    assert.deepEqual((await api.call('GET', path)).json.data, same);
  });

  test('to one of the caller is not shown, and has the grace it asks for', async () => {
    const { api, path } = await made({ type: 'native', secret: 'the old one, long enough' });
    const secret = 'the new one, long enough';
    const got = await api.call('POST', `${path}/secret/rotate`, { secret, graceSeconds: 3600 });
    assert.deepEqual([got.json.data.oldSecretsUntil, got.json.data.secret], [HOUR_LATER, undefined]);
    assert.doesNotMatch(got.text, /the (new|old) one/);
    const alone = await api.call('POST', `${path}/secret/rotate`, { secret, graceSeconds: 0 });
    assert.deepEqual([alone.status, alone.json.data.oldSecretsUntil, alone.json.data.version], [200, null, 3]);
    const ended = await api.call('POST', `${path}/secret/rotate`, { graceSeconds: 0 });
    assert.equal(ended.json.data.oldSecretsUntil, null);
  });

  test('by the same key again is the same secret, and rotated once', async () => {
    const { api, path } = await made({ type: 'native' });
    const headers = { 'Idempotency-Key': 'k-1' };
    const first = await api.call('POST', `${path}/secret/rotate`, {}, { headers });
    const again = await api.call('POST', `${path}/secret/rotate`, {}, { headers });
    assert.deepEqual([again.status, again.json], [200, first.json]);
    assert.equal((await api.call('GET', path)).json.data.version, 2);
  });

  const WRONG: readonly [body: object, pointer: string][] = [
    [{ graceSeconds: -1 }, '/graceSeconds'],
    [{ graceSeconds: 2_592_001 }, '/graceSeconds'],
    [{ secret: '' }, '/secret'],
    [{ secret: '  ' }, '/secret'],
    [{ grace: 60 }, '/grace'],
  ];
  test('wrongly is refused at its place', async () => {
    const { api, path } = await made({ type: 'native' });
    for (const [body, pointer] of WRONG) {
      const got = await api.call('POST', `${path}/secret/rotate`, body);
      assert.deepEqual([got.status, pointers(got)], [400, [pointer]], got.text);
    }
  });

  for (const fields of [
    { type: 'dockerhub' },
    { type: 'native', scheme: { type: 'none' } },
    { type: 'native', secretRef: 'file:a' },
  ]) {
    test(`where there is none here is refused with the reason: ${JSON.stringify(fields)}`, async () => {
      const { api, path } = await made(fields);
      const got = await api.call('POST', `${path}/secret/rotate`);
      assert.deepEqual([got.status, got.json.code], [409, 'rotation_refused']);
      assert.match(got.json.detail, /scheme is "(url|none)"|secretRef/);
    });
  }

  test('on a version that has passed is refused', async () => {
    const { api, path } = await made({ type: 'native' });
    const got = await api.call('POST', `${path}/secret/rotate`, {}, { headers: { 'If-Match': '"2"' } });
    assert.equal(got.status, 412);
  });
});

describe('a secret URL that is regenerated', () => {
  test('ends the old one at once unless a grace is asked for', async () => {
    const { api, path, data } = await made({ type: 'dockerhub' });
    const got = await api.call('POST', `${path}/regenerate-url`);
    assert.notEqual(got.json.data.urls.secret, data.urls.secret);
    assert.deepEqual([got.status, got.json.data.oldUrlsUntil, got.json.data.version], [200, null, 2]);
    const graced = await api.call('POST', `${path}/regenerate-url`, { graceSeconds: 3600 });
    assert.equal(graced.json.data.oldUrlsUntil, HOUR_LATER);
  });

  test('is shown to whoever asked for it this once, and wrong graces are refused', async () => {
    const { api, path } = await made({ type: 'dockerhub' });
    const as = { key: api.keys.operator };
    const got = await api.call('POST', `${path}/regenerate-url`, {}, as);
    assert.equal(got.status, 200);
    const { pathname } = new URL(got.json.data.urls.secret);
    assert.equal((await api.call('POST', pathname, { ping: 1 }, { key: null })).status === 404, false);
    for (const again of [await api.call('GET', path, undefined, as), await api.call('POST', `${path}/pause`, {}, as)]) {
      assert.deepEqual(again.json.data.urls, {});
    }
    for (const graceSeconds of [-1, 1.5, 2_592_001, '1']) {
      assert.deepEqual(pointers(await api.call('POST', `${path}/regenerate-url`, { graceSeconds })), ['/graceSeconds']);
    }
  });

  test('can end the one before it alone: the one in use stays, and is shown to admins only', async () => {
    const { api, path, data } = await made({ type: 'dockerhub' });
    const graced = await api.call('POST', `${path}/regenerate-url`, { graceSeconds: 3600 });
    const both = { keepCurrent: true, graceSeconds: 60 };
    assert.deepEqual(pointers(await api.call('POST', `${path}/regenerate-url`, both)), ['/graceSeconds']);
    const ended = await api.call('POST', `${path}/regenerate-url`, { keepCurrent: true });
    assert.deepEqual([ended.status, ended.json.data.oldUrlsUntil], [200, null], ended.text);
    assert.deepEqual(ended.json.data.urls, graced.json.data.urls);
    const statusOf = async (url: string) =>
      (await api.call('POST', new URL(url).pathname, { ping: 1 }, { key: null })).status;
    assert.equal(await statusOf(data.urls.secret), 404);
    assert.notEqual(await statusOf(graced.json.data.urls.secret), 404);
    const again = await api.call('POST', `${path}/regenerate-url`, { keepCurrent: true }, { key: api.keys.operator });
    assert.deepEqual([again.status, again.json.data.urls], [200, {}]);
  });

  test('is refused where there is none, and as the fifth with a grace', async () => {
    const native = await made({ type: 'native' });
    const none = await native.api.call('POST', `${native.path}/regenerate-url`);
    assert.deepEqual([none.status, none.json.code], [409, 'rotation_refused']);
    const { api, path } = await made({ type: 'dockerhub' });
    const again = () => api.call('POST', `${path}/regenerate-url`, { graceSeconds: 3600 });
    for (let made = 0; made < 4; made++) assert.equal((await again()).status, 200);
    const fifth = await again();
    assert.deepEqual([fifth.status, fifth.json.code], [409, 'rotation_refused']);
    assert.ok(fifth.json.detail.includes(HOUR_LATER));
  });
});

describe('a pause of a source', () => {
  test('shows since when it lasts, and is over with the resumption; a second one changes nothing', async () => {
    const { api, path, data } = await made({ type: 'native' });
    assert.equal(data.pausedAt, null);
    const paused = await api.call('POST', `${path}/pause`);
    assert.deepEqual([paused.status, paused.json.data.pausedAt, paused.headers.get('etag')], [200, NOW, '"2"']);
    api.advance(1000);
    assert.deepEqual((await api.call('POST', `${path}/pause`)).json, paused.json);
    const resumed = await api.call('POST', `${path}/resume`);
    assert.deepEqual([resumed.json.data.pausedAt, resumed.json.data.version], [null, 3]);
    assert.deepEqual((await api.call('POST', `${path}/resume`)).json, resumed.json);
  });

  test('keeps a source that holds receipts from being deleted, unless they are given up', async () => {
    const { api, path, data } = await made({ type: 'native', scheme: { type: 'url' } });
    await api.call('POST', `${path}/pause`);
    await api.call('POST', new URL(data.urls.secret).pathname, { image: 'r.example.com/a/b:1' }, { key: null });
    for (const query of ['', '?discardHeld=false']) {
      const refused = await api.call('DELETE', `${path}${query}`);
      assert.deepEqual([refused.status, refused.json.code], [409, 'source_holding']);
      assert.match(refused.json.detail, /^It holds 1 receipt\.$/);
    }
    assert.deepEqual(pointers(await api.call('DELETE', `${path}?discardHeld=yes`)), ['?discardHeld']);
    assert.equal((await api.call('DELETE', `${path}?discardHeld=true`)).status, 204);
  });

  test('is none of a viewer, and takes no fields', async () => {
    const { api, path } = await made({ type: 'native' });
    assert.equal((await api.call('POST', `${path}/pause`, undefined, { key: api.keys.viewer })).status, 403);
    assert.deepEqual(pointers(await api.call('POST', `${path}/pause`, { until: NOW })), ['/until']);
    assert.equal((await api.call('POST', `${path}/pause`, undefined, { key: api.foreignKey })).status, 404);
  });
});
