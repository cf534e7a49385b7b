import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, type TestApi } from '../../../test/support/api.ts';
import { DEFAULT_TENANT } from '../../core/ids.ts';
import { switchOff } from '../../flows/switch-subscription.ts';

const BASE = '/api/v1/webhook-subscriptions';
const START = '2026-03-04T09:30:00.000Z';

/** An API with one active subscription. */
async function subscribed(): Promise<{ api: TestApi; path: string }> {
  const api = await openApi();
  const made = await api.call('POST', BASE, { name: 'n', url: 'https://api.example.com/hooks' });
  return { api, path: `${BASE}/${made.json.data.id}` };
}

/** What a call answers of the state, and the ETag. */
async function stateAfter(api: TestApi, method: string, path: string, body?: unknown): Promise<unknown[]> {
  const { status, json, headers } = await api.call(method, path, body);
  const { state, pausedAt, enabled } = json.data;
  return [status, state, pausedAt, enabled, headers.get('etag')];
}

test('a pause shows since when, a second one keeps its beginning, and resuming ends it', async () => {
  const { api, path } = await subscribed();
  assert.deepEqual(await stateAfter(api, 'GET', path), [200, 'active', null, true, '"1"']);
  const paused = [200, 'paused', START, true, '"2"'];
  assert.deepEqual(await stateAfter(api, 'POST', `${path}/pause`), paused);
  api.advance(60_000);
  assert.deepEqual(await stateAfter(api, 'POST', `${path}/pause`, {}), paused);
  assert.deepEqual(await stateAfter(api, 'POST', `${path}/enable`), paused);
  assert.deepEqual(await stateAfter(api, 'GET', path), paused);
  const { data } = (await api.call('GET', `${BASE}?state=paused`)).json;
  assert.equal(data.length, 1);
  const active = [200, 'active', null, true, '"3"'];
  assert.deepEqual(await stateAfter(api, 'POST', `${path}/resume`), active);
  assert.deepEqual(await stateAfter(api, 'POST', `${path}/resume`), active);
});

test('a disabled subscription is neither paused nor resumed, and the answer says how to enable it', async () => {
  const { api, path } = await subscribed();
  await api.call('POST', `${path}/pause`);
  assert.deepEqual(await stateAfter(api, 'PATCH', path, { enabled: false }), [200, 'disabled', null, false, '"3"']);
  for (const word of ['pause', 'resume']) {
    const got = await api.call('POST', `${path}/${word}`);
    assert.deepEqual([got.status, got.json.code], [409, 'subscription_disabled']);
    assert.match(got.json.remedy, /POST .*\/enable/);
  }
  assert.deepEqual(await stateAfter(api, 'POST', `${path}/enable`), [200, 'active', null, true, '"4"']);
});

test('what failures switched off stays enabled for its owner, and a change does not switch it on', async () => {
  const { api, path } = await subscribed();
  const [subscription] = (await api.ports.configuration.of(DEFAULT_TENANT)).subscriptions.values();
  await switchOff(api.ports, subscription ?? assert.fail('the subscription is there'), 'failures');
  const after = async (method: string, to: string, body?: unknown) => {
    const { enabled, state, disabledReason } = (await api.call(method, to, body)).json.data;
    return [enabled, state, disabledReason];
  };
  const off = [true, 'disabled', 'failures'];
  assert.deepEqual(await after('GET', path), off);
  assert.deepEqual(await after('PATCH', path, { enabled: true }), off);
  assert.deepEqual(await after('PATCH', path, { enabled: false }), [false, 'disabled', 'user']);
  assert.deepEqual(await after('PATCH', path, { enabled: true }), off);
  await after('PATCH', path, { enabled: false });
  assert.deepEqual(await after('POST', `${path}/enable`), [true, 'active', null]);
});

test('pausing, resuming and enabling are 412 on a version that has passed, and leave what stands', async () => {
  const { api, path } = await subscribed();
  await api.call('PATCH', path, { name: 'x' });
  const statuses = async (etag: string) => {
    const calls = ['pause', 'resume', 'enable'];
    const got = [];
    for (const word of calls) {
      got.push((await api.call('POST', `${path}/${word}`, undefined, { headers: { 'If-Match': etag } })).status);
    }
    return got;
  };
  assert.deepEqual(await statuses('"1"'), [412, 412, 412]);
  assert.equal((await api.call('GET', path)).json.data.version, 2);
  assert.deepEqual(await statuses('"2"'), [200, 412, 412]);
  await api.call('PATCH', path, { enabled: false });
  assert.deepEqual(await statuses('"2"'), [412, 412, 412]);
});

test('a change based on a version of before the pause is 412', async () => {
  const { api, path } = await subscribed();
  await api.call('POST', `${path}/pause`);
  const got = await api.call('PATCH', path, { name: 'x' }, { headers: { 'If-Match': '"1"' } });
  assert.equal(got.status, 412);
});

test('only who may change a subscription may pause it, and only one that is there', async () => {
  const { api, path } = await subscribed();
  for (const word of ['pause', 'resume']) {
    assert.equal((await api.call('POST', `${path}/${word}`, undefined, { key: api.keys.viewer })).status, 403);
    assert.equal((await api.call('POST', `${path}/${word}`, undefined, { key: api.foreignKey })).status, 404);
    const fields = await api.call('POST', `${path}/${word}`, { seconds: 5 });
    assert.deepEqual(fields.json.errors, [{ pointer: '/seconds', message: 'Unknown field.' }]);
  }
  assert.equal((await api.call('GET', path)).json.data.version, 1);
});
