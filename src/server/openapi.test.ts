import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi } from '../../test/support/api.ts';
import { problemCodes, problemPage } from '../core/problem.ts';
import { sampleTypes } from '../core/samples.ts';
import { honoPath } from './app.ts';

/** Answered before any route is known. */
const ROUTELESS = ['method_not_allowed', 'malformed_request'];

test('every route that is registered stands in the document, and the other way round', async () => {
  const { app, call } = await openApi();
  const { json } = await call('GET', '/api/v1/openapi.json', undefined, { key: null });
  const documented = Object.entries<Record<string, unknown>>(json.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${honoPath(path)}`),
  );
  assert.deepEqual([...app.registered()].sort(), documented.sort());
});

test('every problem code is one that some route may answer', async () => {
  const { app } = await openApi();
  const used = new Set([...app.routes.flatMap(({ problems }) => problems), ...ROUTELESS]);
  assert.deepEqual([...used].sort(), [...problemCodes].sort());
});

test('a route documents each of its problems under its status, with an example that resolves', async () => {
  const { app, call } = await openApi();
  const { json } = await call('GET', '/api/v1/openapi.json');
  for (const { method, path, problems } of app.routes) {
    for (const code of problems) {
      const response = json.paths[path][method.toLowerCase()].responses[problemPage(code).status];
      const reference = response.content['application/problem+json'].examples[code].$ref;
      assert.equal(reference, `#/components/examples/${code}`);
      assert.equal(json.components.examples[code].value.code, code);
    }
  }
});

test('the document says where deliveries come from, where that is known', async () => {
  const egressIps = ['203.0.113.7', '2001:db8::/48'];
  const told = async (more: { egressIps?: readonly string[] }) => {
    const api = await openApi(more);
    return (await api.call('GET', '/api/v1/openapi.json', undefined, { key: null })).json['x-egress-ips'];
  };
  assert.deepEqual(await told({ egressIps }), egressIps);
  assert.equal(await told({}), undefined);
});

test('every reference in the document resolves', async () => {
  const { call } = await openApi();
  const { json, text } = await call('GET', '/api/v1/openapi.json');
  for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = pointer.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], json);
    assert.ok(found !== undefined, pointer);
  }
});

test('the document has a webhook for every outbound event, with a sample', async () => {
  const { call } = await openApi();
  const { json } = await call('GET', '/api/v1/openapi.json');
  assert.equal(json.openapi, '3.1.0');
  assert.deepEqual(Object.keys(json.webhooks).sort(), sampleTypes.toSorted());
  for (const [type, item] of Object.entries<Record<string, never>>(json.webhooks)) {
    const { example, schema } = json.webhooks[type].post.requestBody.content['application/json'];
    assert.equal(example.event, type);
    assert.deepEqual(Object.keys(schema.properties), ['id', 'timestamp', 'event', 'tenantId', 'data']);
    assert.deepEqual(Object.keys(item), ['post']);
  }
});

test('an image event is sampled whole, and its schema allows what senders leave unsaid', async () => {
  const { call } = await openApi();
  const { json } = await call('GET', '/api/v1/openapi.json');
  for (const [type, time] of [
    ['image.pushed', 'pushedAt'],
    ['image.deleted', 'deletedAt'],
  ] as const) {
    const { example, schema } = json.webhooks[type].post.requestBody.content['application/json'];
    const names = ['image', 'receiptId', 'sourceId', 'actor', 'origin', time];
    assert.deepEqual(Object.keys(example.data), names);
    assert.doesNotMatch(JSON.stringify(example), /null/);
    const { image, ...others } = schema.properties.data.properties;
    const properties = Object.entries<{ type: unknown }>({ ...image.properties, ...others });
    const always = properties.filter(([, { type: allowed }]) => allowed === 'string').map(([name]) => name);
    assert.deepEqual(always.sort(), ['origin', 'receiptId', 'repository', 'sourceId']);
  }
});

test('operation ids are unique and every route has a summary', async () => {
  const { app } = await openApi();
  const ids = app.routes.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(app.routes.every(({ summary }) => summary.length > 5));
});

test('inputs are closed in the document, as they are in fact', async () => {
  const { call } = await openApi();
  const { json } = await call('GET', '/api/v1/openapi.json');
  for (const name of [
    'EventInput',
    'SubscriptionInput',
    'SourceInput',
    'KeyInput',
    'TestInput',
    'RetryPolicyInput',
    'Filter',
  ]) {
    assert.equal(json.components.schemas[name].additionalProperties, false, name);
  }
});
