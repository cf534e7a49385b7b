import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { openApi } from '../../../test/support/api.ts';
import type { Store } from '../../ports.ts';

const push = JSON.stringify({ image: 'registry.example.com/acme/app:v1.2.0' });

async function doors(more: Record<string, unknown> = {}) {
  const api = await openApi();
  const typed = (await api.call('POST', '/api/v1/sources', { type: 'native', ...more })).json.data;
  const secret = (await api.call('POST', '/api/v1/sources', { type: 'native', scheme: { type: 'url' } })).json.data;
  const path = (url: string) => new URL(url).pathname;
  return { api, typed, secret, typedPath: path(typed.urls.typed), secretPath: path(secret.urls.secret) };
}

function signed(body: string, secret: string): Record<string, string> {
  return { 'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
}

test('a push at a secret URL is stored and answered flat', async () => {
  const { api, secretPath } = await doors();
  const got = await api.call('POST', secretPath, push, { key: null });
  assert.equal(got.status, 200, got.text);
  const { receiptId, ...rest } = got.json;
  assert.deepEqual(rest, {
    success: true,
    action: 'ignored',
    reason: 'No matching component',
    versionsAdded: 0,
    triggersActivated: 0,
  });
  const receipt = (await api.call('GET', `/api/v1/receipts/${receiptId}`)).json.data;
  assert.deepEqual([receipt.request.method, receipt.request.body], ['POST', push]);
  assert.equal(receipt.facts[0].repository, 'acme/app');
  assert.equal(receipt.provenance.tag, '/image');
  const event = (await api.call('GET', '/api/v1/events')).json.data[0];
  assert.deepEqual([event.type, event.source], ['image.pushed', { kind: 'receipt', id: receiptId }]);
  assert.deepEqual(receipt.effects, [{ kind: 'event', id: event.id }]);
});

test('a typed door asks for its signature and says no more than that', async () => {
  const { api, typed, typedPath } = await doors();
  const good = await api.call('POST', typedPath, push, { key: null, headers: signed(push, typed.secret) });
  assert.equal(good.status, 200, good.text);
  const bad = await api.call('POST', typedPath, push, { key: null, headers: signed(push, 'wrong') });
  assert.deepEqual([bad.status, bad.json.code, bad.json.errors], [401, 'bad_signature', undefined]);
  const rejected = (await api.call('GET', '/api/v1/receipts?outcome=rejected')).json.data;
  assert.equal(rejected.length, 1);
  assert.equal(rejected[0].verdict.ok, false);
});

test('whatever is wrong with a door, the answer is the same, byte for byte and header for header', async () => {
  const { api, typedPath, secretPath, secret } = await doors();
  await api.call('PATCH', `/api/v1/sources/${secret.id}`, { enabled: false });
  const calls: [method: string, path: string][] = [
    ['POST', '/api/webhook/00000000-0000-4000-8000-000000000000'],
    ['POST', '/api/webhook/nonsense'],
    ['POST', '/api/webhook/a/b/c'],
    ['POST', '/api/webhook/'],
    ['POST', secretPath],
    ['GET', secretPath],
    ['PUT', typedPath],
    ['DELETE', typedPath],
    ['POST', `/api/v1/webhooks/registry/${secret.id}`],
    ['POST', typedPath.replace('registry', 'github')],
    ['POST', '/api/v1/webhooks/nonsense'],
    ['POST', `${typedPath}/more`],
  ];
  const answers = new Set<string>();
  for (const [method, path] of calls) {
    const { status, headers, text } = await api.call(method, path, method === 'GET' ? undefined : push, { key: null });
    answers.add(JSON.stringify([status, [...headers], text]));
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
  const [only = ''] = answers;
  assert.equal(JSON.parse(only)[0], 404);
  assert.doesNotMatch(only, /request-id/i);
});

test('a body over the limit is 413 at every door, whether it exists or not', async () => {
  const api = await openApi({ maxBodyBytes: 2048 });
  for (const path of ['/api/webhook/nonsense', '/api/v1/webhooks/registry/x']) {
    assert.equal((await api.call('POST', path, 'x'.repeat(3000), { key: null })).status, 413);
  }
});

test('an authentic payload that cannot be read is 422 at a secret URL and ignored at a typed one; both are kept', async () => {
  const { api, typed, typedPath, secretPath } = await doors();
  const at = await api.call('POST', secretPath, '{"nothing":1}', { key: null });
  assert.deepEqual([at.status, at.json.code], [422, 'source_unreadable']);
  assert.match(at.json.detail, /^[A-Z]/);
  assert.equal(at.json.errors?.[0]?.message ?? at.json.detail, at.json.detail);
  const headers = signed('{"nothing":1}', typed.secret);
  const other = await api.call('POST', typedPath, '{"nothing":1}', { key: null, headers });
  assert.deepEqual([other.status, other.json.action], [200, 'ignored']);
  assert.match(other.json.reason, /^unreadable/);
  assert.equal((await api.call('GET', '/api/v1/receipts')).json.data.length, 2);
});

test('a payload that is not understood is refused at a secret URL however often it comes', async () => {
  const api = await openApi();
  const { urls } = (await api.call('POST', '/api/v1/sources', { type: 'dockerhub' })).json.data;
  const { pathname } = new URL(urls.secret);
  const post = () => api.call('POST', pathname, { not: 'of Docker Hub' }, { key: null });
  const answers = [await post(), await post()];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [422, 422],
  );
  const kept: { outcome: string }[] = (await api.call('GET', '/api/v1/receipts')).json.data;
  assert.deepEqual(
    kept.map(({ outcome }) => outcome),
    ['ignored', 'ignored'],
  );
});

test('a new secret URL ends the old one at once', async () => {
  const { api, secret, secretPath } = await doors();
  const got = await api.call('POST', `/api/v1/sources/${secret.id}/regenerate-url`);
  const fresh = new URL(got.json.data.urls.secret).pathname;
  assert.notEqual(fresh, secretPath);
  assert.equal((await api.call('POST', secretPath, push, { key: null })).status, 404);
  assert.equal((await api.call('POST', fresh, push, { key: null })).status, 200);
});

test('the secret URL is shown to admins only', async () => {
  const { api, secret } = await doors();
  for (const [role, sees] of [
    ['admin', true],
    ['operator', false],
    ['viewer', false],
  ] as const) {
    const got = await api.call('GET', `/api/v1/sources/${secret.id}`, undefined, { key: api.keys[role] });
    assert.equal('secret' in got.json.data.urls, sees, role);
  }
});

test('URLs carry the public origin where one is set', async () => {
  const api = await openApi({ publicUrl: 'https://hooks.example.com/' });
  const made = await api.call('POST', '/api/v1/sources', { type: 'harbor' });
  assert.equal(made.json.data.urls.typed, `https://hooks.example.com/api/v1/webhooks/registry/${made.json.data.id}`);
});

test('GET, change, PATCH works for sources; the secret stays', async () => {
  const { api, typed, typedPath } = await doors();
  const path = `/api/v1/sources/${typed.id}`;
  const shown = (await api.call('GET', path)).json.data;
  const got = await api.call('PATCH', path, { ...shown, name: 'Renamed' }, { headers: { 'If-Match': '"1"' } });
  assert.deepEqual([got.status, got.json.data.name, got.headers.get('etag')], [200, 'Renamed', '"2"']);
  assert.equal(
    (await api.call('POST', typedPath, push, { key: null, headers: signed(push, typed.secret) })).status,
    200,
  );
  const wrong = await api.call('PATCH', path, { version: 7, colour: 1 });
  assert.deepEqual(
    wrong.json.errors.map(({ pointer }: { pointer: string }) => pointer),
    ['/version', '/colour'],
  );
});

test('a source is checked like everything else, and deleted for good', async () => {
  const { api, typed } = await doors();
  const wrong = await api.call('POST', '/api/v1/sources', {
    type: 'harbor',
    scheme: { type: 'token', colour: 1 },
    x: 1,
  });
  assert.deepEqual(
    wrong.json.errors.map(({ pointer }: { pointer: string }) => pointer),
    ['/scheme/colour', '/x'],
  );
  assert.equal((await api.call('POST', '/api/v1/sources', { type: 'nonsense' })).json.errors[0].pointer, '/type');
  assert.equal((await api.call('DELETE', `/api/v1/sources/${typed.id}`)).status, 204);
  assert.equal((await api.call('GET', `/api/v1/sources/${typed.id}`)).status, 404);
});

test('a source names the limit that a body is over, and an unknown door stays unknown whatever its size', async () => {
  const { api, typed, typedPath } = await doors({ maxBodyBytes: 100 });
  const body = JSON.stringify({ image: `registry.example.com/acme/${'a'.repeat(100)}:1` });
  const got = await api.call('POST', typedPath, body, { key: null, headers: signed(body, typed.secret) });
  assert.deepEqual([got.status, got.json.code], [413, 'source_body_too_large']);
  assert.match(got.json.detail, /\b100 bytes/);
  assert.match(got.json.remedy, /`maxBodyBytes` of the source/);
  assert.equal((await api.call('POST', '/api/webhook/nobody', body, { key: null })).status, 404);
});

test('a source that is sent too much says when to come again', async () => {
  const { api, typed, typedPath } = await doors({ rateLimit: { count: 1, seconds: 30 } });
  const send = () => api.call('POST', typedPath, push, { key: null, headers: signed(push, typed.secret) });
  assert.equal((await send()).status, 200);
  const shed = await send();
  assert.deepEqual([shed.status, shed.json.code], [429, 'source_rate_limited']);
  assert.match(shed.json.detail, /`rateLimit` of its source is 1 in 30 seconds/);
  const wait = Number(shed.headers.get('retry-after'));
  assert.ok(wait >= 30 && wait <= 31, `${wait}`);
  assert.equal((await api.call('GET', '/api/v1/receipts')).json.data.length, 1);
  api.advance(wait * 1000);
  assert.equal((await send()).status, 200);
  const metrics = (await api.call('GET', '/metrics')).text;
  assert.match(metrics, /hookyard_inbound_turned_away_total\{reason="shed"\} 1/);
});

test('a push that cannot be decided for a configuration that keeps changing is said to be free to come again', async () => {
  const { api, secretPath } = await doors();
  const recordReceipt: Store['recordReceipt'] = async ({ configVersion }) => ({ kind: 'stale', configVersion });
  Object.assign(api.ports.store, { recordReceipt });
  const got = await api.call('POST', secretPath, push, { key: null });
  const said = [got.status, got.json.code, got.json.detail, got.headers.get('retry-after')];
  assert.deepEqual(said, [503, 'store_unavailable', 'The configuration keeps changing.', '1']);
  assert.ok(!api.logged.some(({ event }) => event === 'http.store_unavailable'));
});

test('senders of CloudEvents are permitted to send by OPTIONS; everybody else finds the door that is not there', async () => {
  const { api, secretPath } = await doors();
  const made = await api.call('POST', '/api/v1/sources', { type: 'cloudevents', scheme: { type: 'url' } });
  const path = new URL(made.json.data.urls.secret).pathname;
  const headers = { 'WebHook-Request-Origin': 'events.example.com' };
  const granted = await api.call('OPTIONS', path, undefined, { key: null, headers });
  assert.deepEqual([granted.status, granted.text], [200, '']);
  assert.equal(granted.headers.get('webhook-allowed-origin'), 'events.example.com');
  assert.equal(granted.headers.get('webhook-allowed-rate'), '*');
  const unknown = await api.call('POST', '/api/webhook/nobody', undefined, { key: null });
  for (const [where, more] of [
    [secretPath, headers],
    [path, {}],
    ['/api/webhook/nobody', headers],
  ] as const) {
    const got = await api.call('OPTIONS', where, undefined, { key: null, headers: more });
    assert.deepEqual([got.status, got.text, [...got.headers]], [404, unknown.text, [...unknown.headers]]);
  }
});

test('Event Grid gets its validation code back where the source is one of Event Grid, and every time it asks', async () => {
  const { api } = await doors();
  const made = await api.call('POST', '/api/v1/sources', { type: 'acr-eventgrid' });
  const path = new URL(made.json.data.urls.secret).pathname;
  const data = { validationCode: 'a1b2', validationUrl: 'https://rp.eventgrid.example.com/validate' };
  const event = { id: '1', eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data };
  for (let asked = 0; asked < 2; asked++) {
    const got = await api.call('POST', path, [event], {
      key: null,
      headers: { 'aeg-event-type': 'SubscriptionValidation' },
    });
    assert.deepEqual([got.status, got.json], [200, { validationResponse: 'a1b2' }], got.text);
  }
  const kept = (await api.call('GET', '/api/v1/receipts')).json.data;
  assert.deepEqual(
    kept.map(({ outcome }: { outcome: string }) => outcome),
    ['handshake', 'handshake'],
  );
});
