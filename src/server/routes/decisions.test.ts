/** Why each subscription got a stored event or not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, type TestApi } from '../../../test/support/api.ts';

const BASE = '/api/v1/webhook-subscriptions';

interface Said {
  subscriptionId: string;
  receives: boolean;
  rule: string | null;
  asOf: string;
}

async function subscribed(api: TestApi, more: object = {}): Promise<string> {
  const made = await api.call('POST', BASE, { name: 'n', url: 'https://api.example.com/hook', ...more });
  assert.equal(made.status, 201, made.text);
  return made.json.data.id;
}

async function accepted(api: TestApi): Promise<string> {
  const body = { type: 'build.finished', data: { environment: 'staging' }, owner: 'org:7' };
  return (await api.call('POST', '/api/v1/events', body)).json.data.id;
}

const said = (results: readonly Said[], ids: readonly string[]) =>
  ids.map((id) => {
    const { receives, rule, asOf } = results.find(({ subscriptionId }) => subscriptionId === id) ?? assert.fail(id);
    return `${receives} ${rule} ${asOf}`;
  });

test('an event is shown with why each subscription got it or not, those that did not first', async () => {
  const api = await openApi();
  const filters = [{ field: 'data.environment', operator: 'equals', value: 'production' }];
  const wanting = await subscribed(api);
  const byType = await subscribed(api, { events: ['other.*'] });
  const byOwner = await subscribed(api, { owner: 'org:8' });
  const byFilter = await subscribed(api, { filters });
  const ids = [wanting, byType, byOwner, byFilter];
  api.advance(10);
  const id = await accepted(api);
  const decisions = async (): Promise<Said[]> => (await api.call('GET', `/api/v1/events/${id}`)).json.data.decisions;
  const then = ['true null acceptance', 'false type acceptance', 'false owner acceptance', 'false filter acceptance'];
  assert.deepEqual(said(await decisions(), ids), then);
  assert.equal((await decisions()).at(-1)?.subscriptionId, wanting);
  api.advance(10);
  const later = await subscribed(api);
  await api.call('PATCH', `${BASE}/${byType}`, { events: ['build.*'] });
  await api.call('PATCH', `${BASE}/${byOwner}`, { name: 'another' });
  await api.call('PATCH', `${BASE}/${wanting}`, { events: ['other.*'] });
  const now = ['true null acceptance', 'true null now', 'false owner now', 'false filter acceptance'];
  assert.deepEqual(said(await decisions(), [...ids, later]), [...now, 'false made_later acceptance']);
});

test('a stored event is explained by its id', async () => {
  const api = await openApi();
  const wanting = await subscribed(api);
  const id = await accepted(api);
  api.advance(10);
  const later = await subscribed(api);
  const got = await api.call('POST', '/api/v1/events/explain', { eventId: id });
  assert.equal(got.status, 200, got.text);
  const { deliveries, subscriptions, results } = got.json.data;
  assert.deepEqual([deliveries, subscriptions], [1, 2]);
  assert.deepEqual(said(results, [wanting, later]), ['true null acceptance', 'false made_later acceptance']);
  assert.equal(results[0].subscriptionId, wanting);
  assert.deepEqual((await api.call('GET', '/api/v1/events')).json.data.length, 1);
  for (const eventId of [wanting, 'mine']) {
    const unknown = await api.call('POST', '/api/v1/events/explain', { eventId });
    assert.deepEqual([unknown.status, unknown.json.code], [404, 'not_found']);
  }
  const odd = await api.call('POST', '/api/v1/events/explain', JSON.parse('{"type":"a.b","data":{},"__proto__":1}'));
  assert.deepEqual([odd.status, odd.json.errors], [400, [{ pointer: '/__proto__', message: 'Unknown field.' }]]);
  const both = await api.call('POST', '/api/v1/events/explain', { eventId: id, type: 'a.b' });
  assert.deepEqual(both.json.errors, [{ pointer: '/type', message: 'Unknown field.' }]);
});

test('what is to be explained may have the nulls of a stored event', async () => {
  const api = await openApi();
  await subscribed(api);
  const id = (await api.call('POST', '/api/v1/events', { type: 'a.b', data: 1 })).json.data.id;
  const { type, data, owner, orderingKey, tags } = (await api.call('GET', `/api/v1/events/${id}`)).json.data;
  assert.deepEqual([owner, orderingKey], [null, null]);
  const got = await api.call('POST', '/api/v1/events/explain', { type, data, owner, orderingKey, tags });
  assert.deepEqual([got.status, got.json.data?.deliveries], [200, 1], got.text);
});
