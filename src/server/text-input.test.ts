import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi } from '../../test/support/api.ts';
import { LOST_NAME_WORDS } from '../core/header.ts';
import { WHOLE_WORDS } from './text-input.ts';

const HALF = 'half \ud83d';
const SUBSCRIPTION = { name: 'all', url: 'https://api.example.com/hook' };
const LOST = JSON.parse('{"__proto__": "x"}');

test('half characters are refused in names and descriptions, with their place', async () => {
  const { call } = await openApi();
  const cases: [path: string, body: Record<string, unknown>, ...pointers: string[]][] = [
    ['webhook-subscriptions', { ...SUBSCRIPTION, name: HALF, description: HALF }, '/name', '/description'],
    ['sources', { type: 'harbor', name: HALF, description: HALF }, '/name', '/description'],
    ['keys', { name: HALF, role: 'viewer' }, '/name'],
    ['events', { type: 'a', data: HALF, id: HALF, tags: [HALF], orderingKey: HALF }, '/id', '/tags/0', '/orderingKey'],
  ];
  for (const [path, body, ...pointers] of cases) {
    const { status, json } = await call('POST', `/api/v1/${path}`, body);
    const errors = pointers.map((pointer) => ({ pointer, message: WHOLE_WORDS }));
    assert.deepEqual([status, json.errors], [400, errors], path);
  }
});

test('half characters are refused in credentials and secrets: two that differ would sign and prove alike', async () => {
  const { call } = await openApi();
  const [subscriptions, sources] = ['/api/v1/webhook-subscriptions', '/api/v1/sources'];
  const { id } = (await call('POST', subscriptions, { ...SUBSCRIPTION, authType: 'signature' })).json.data;
  const source = (await call('POST', sources, { type: 'harbor' })).json.data;
  const cases: [path: string, body: Record<string, unknown>, ...pointers: string[]][] = [
    [subscriptions, { ...SUBSCRIPTION, authType: 'signature', signatureSecret: HALF }, '/signatureSecret'],
    [
      subscriptions,
      { ...SUBSCRIPTION, authType: 'basic', basicUsername: HALF, basicPassword: HALF },
      '/basicUsername',
      '/basicPassword',
    ],
    [subscriptions, { ...SUBSCRIPTION, authType: 'bearer', bearerToken: HALF }, '/bearerToken'],
    [
      subscriptions,
      { ...SUBSCRIPTION, authType: 'header', authHeader: { name: 'X', value: HALF } },
      '/authHeader/value',
    ],
    [`${subscriptions}/${id}/secret/rotate`, { secret: HALF }, '/secret'],
    [sources, { type: 'harbor', secret: HALF }, '/secret'],
    [`${sources}/${source.id}/secret/rotate`, { secret: HALF }, '/secret'],
  ];
  for (const [path, body, ...pointers] of cases) {
    const { status, json } = await call('POST', path, body);
    const errors = pointers.map((pointer) => ({ pointer, message: WHOLE_WORDS }));
    assert.deepEqual([status, json.errors], [400, errors], path);
  }
});

test('whole characters beyond the first plane are taken', async () => {
  const { call } = await openApi();
  const made = await call('POST', '/api/v1/webhook-subscriptions', { ...SUBSCRIPTION, name: '🚢', description: '🚢' });
  assert.deepEqual([made.status, made.json.data.name], [201, '🚢']);
  assert.equal((await call('POST', '/api/v1/events', { type: 'a', data: 1, id: '🚢', tags: ['🚢'] })).status, 202);
});

test('a header or metadata named __proto__ is refused and not left out in silence', async () => {
  const { call } = await openApi();
  const made = await call('POST', '/api/v1/webhook-subscriptions', SUBSCRIPTION);
  for (const field of ['headers', 'metadata']) {
    const errors = [{ pointer: `/${field}/__proto__`, message: LOST_NAME_WORDS }];
    const post = await call('POST', '/api/v1/webhook-subscriptions', { ...SUBSCRIPTION, [field]: LOST });
    assert.deepEqual([post.status, post.json.errors], [400, errors], field);
    const patch = await call('PATCH', `/api/v1/webhook-subscriptions/${made.json.data.id}`, { [field]: LOST });
    assert.deepEqual([patch.status, patch.json.errors], [400, errors], field);
  }
  const event = await call('POST', '/api/v1/events', { type: 'a', data: LOST, headers: LOST });
  assert.deepEqual(event.json.errors, [{ pointer: '/headers/__proto__', message: LOST_NAME_WORDS }]);
});

test('an object of texts stands in the document as one', async () => {
  const { call } = await openApi();
  const { json } = await call('GET', '/api/v1/openapi.json');
  const { SubscriptionInput, EventInput } = json.components.schemas;
  for (const schema of [
    SubscriptionInput.properties.headers,
    SubscriptionInput.properties.metadata,
    EventInput.properties.headers,
  ]) {
    assert.deepEqual([schema.type, schema.additionalProperties.type], ['object', 'string']);
  }
  assert.deepEqual(SubscriptionInput.required, ['url']);
  assert.deepEqual(EventInput.required, ['type', 'data']);
});
