import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { openApi } from '../../../test/support/api.ts';
import { DEFAULT_TENANT } from '../../core/ids.ts';
import { REJECTED_BODY_BYTES } from '../../core/receipt.ts';
import { LISTED_BODY_BYTES } from '../show/text.ts';

/** A door with a secret URL, and one that asks for a signature. */
async function doors() {
  const api = await openApi();
  const path = async (more: Record<string, unknown>, door: 'secret' | 'typed') => {
    const made = await api.call('POST', '/api/v1/sources', { type: 'native', ...more });
    return new URL(made.json.data.urls[door]).pathname;
  };
  const open = await path({ scheme: { type: 'url' } }, 'secret');
  return { api, open, shut: await path({}, 'typed') };
}

const shownOf = ({ body, bodyTruncated }: { body: string; bodyTruncated: boolean }) => [body.length, bodyTruncated];

test('a list shows the beginning of each body and says so, a receipt by its id all of it', async () => {
  const { api, open } = await doors();
  for (const [bytes, listed] of [
    [LISTED_BODY_BYTES, [LISTED_BODY_BYTES, false]],
    [LISTED_BODY_BYTES + 1, [LISTED_BODY_BYTES, true]],
  ] as const) {
    api.advance(1);
    await api.call('POST', open, 'x'.repeat(bytes), { key: null });
    const [first] = (await api.call('GET', '/api/v1/receipts')).json.data;
    assert.deepEqual(shownOf(first.request), listed);
    const one = (await api.call('GET', `/api/v1/receipts/${first.id}`)).json.data;
    assert.deepEqual(shownOf(one.request), [bytes, false]);
  }
});

test('the store is not asked for whole bodies to make a list', async () => {
  const { api, open } = await doors();
  await api.call('POST', open, 'x'.repeat(LISTED_BODY_BYTES * 4), { key: null });
  const { store } = api.ports;
  const read: number[] = [];
  api.ports.store = {
    ...store,
    receipts: async (query) => {
      const rows = await store.receipts(query);
      read.push(...rows.map(({ receipt }) => receipt.body.length));
      return rows;
    },
  };
  await api.call('GET', '/api/v1/receipts');
  assert.deepEqual(read, [LISTED_BODY_BYTES + 1]);
});

test('of a rejected request the beginning is kept, and shown as that', async () => {
  const { api, shut } = await doors();
  await api.call('POST', shut, 'x'.repeat(REJECTED_BODY_BYTES + 9), { key: null });
  const [first] = (await api.call('GET', '/api/v1/receipts')).json.data;
  assert.deepEqual([first.outcome, ...shownOf(first.request)], ['rejected', LISTED_BODY_BYTES, true]);
  const one = (await api.call('GET', `/api/v1/receipts/${first.id}`)).json.data;
  assert.deepEqual(shownOf(one.request), [REJECTED_BODY_BYTES, true]);
});

test('a list has what came since a time, and before another', async () => {
  const { api, open } = await doors();
  for (const tag of ['v1', 'v2', 'v3']) {
    api.advance(1000);
    await api.call('POST', open, { image: `registry.example.com/acme/app:${tag}` }, { key: null });
  }
  const listed = async (query: string) => (await api.call('GET', `/api/v1/receipts?${query}`)).json.data;
  const ids = async (query: string) => (await listed(query)).map(({ id }: { id: string }) => id);
  const [third, second, first] = await listed('');
  const times = [second, third].map(({ receivedAt }) => encodeURIComponent(receivedAt));
  assert.deepEqual(await ids(`until=${times[0]}`), [first.id], 'before it, not at it');
  assert.deepEqual(await ids(`since=${times[0]}`), [third.id, second.id], 'at it or later');
  assert.deepEqual(await ids(`since=${times[0]}&until=${times[1]}`), [second.id]);
});

test('a duplicate gives the reason that its sender was told', async () => {
  const { api, open } = await doors();
  const push = { image: 'registry.example.com/acme/app:v1' };
  const headers = { 'Idempotency-Key': 'k1' };
  const first = await api.call('POST', open, push, { key: null, headers });
  const second = await api.call('POST', open, { ...push, more: 1 }, { key: null, headers });
  assert.deepEqual([second.status, second.json.action], [200, 'duplicate'], second.text);
  const { data } = (await api.call('GET', `/api/v1/receipts/${second.json.receiptId}`)).json;
  assert.equal(data.reason, second.json.reason);
  assert.equal(data.reason, `Repeats receipt ${first.json.receiptId} with another body.`);
});

test('a secret that its sender writes into the payload is hidden where receipts are shown, and the receipt warns', async () => {
  const api = await openApi();
  const secret = 'the-secret-of-the-forge';
  const made = await api.call('POST', '/api/v1/sources', { type: 'gitea-package', secret });
  const path = new URL(made.json.data.urls.typed).pathname;
  const body = JSON.stringify({ secret, action: 'created', note: 'héllo' });
  const send = async (key: string) => {
    api.advance(1);
    const headers = { 'X-Gitea-Signature': createHmac('sha256', key).update(body).digest('hex') };
    await api.call('POST', path, body, { key: null, headers });
    const [listed] = (await api.call('GET', '/api/v1/receipts')).json.data;
    return { listed, shown: (await api.call('GET', `/api/v1/receipts/${listed.id}`)).json.data };
  };
  const masked = body.replace(secret, '[redacted]');
  const check = ({ listed, shown }: Awaited<ReturnType<typeof send>>) => {
    for (const { request, warnings } of [listed, shown]) {
      assert.equal(request.body, masked);
      assert.match(warnings[0], /a secret of the source/);
    }
  };
  const taken = await send(secret);
  check(taken);
  const kept = await api.ports.store.receipt(DEFAULT_TENANT, taken.shown.id);
  assert.equal(new TextDecoder().decode(kept?.receipt.body), body, 'kept as it came');
  const refused = await send('another');
  check(refused);
  const rotate = `/api/v1/sources/${made.json.data.id}/secret/rotate`;
  await api.call('POST', rotate, { secret: 'the-next-secret-of-it', graceSeconds: 0 });
  check({ ...taken, shown: (await api.call('GET', `/api/v1/receipts/${taken.shown.id}`)).json.data });
  const accepted = await api.call('POST', `/api/v1/receipts/${refused.shown.id}/accept`, { force: true });
  assert.equal(accepted.json.data.request.body, masked);
});

test('the secret URL that a ping names is hidden where receipts are shown, also once it was replaced', async () => {
  const api = await openApi();
  const made = await api.call('POST', '/api/v1/sources', { type: 'github', scheme: { type: 'url' } });
  const { id, urls } = made.json.data;
  const body = { zen: 'Keep it logically awesome.', hook_id: 1, hook: { config: { url: urls.secret } } };
  const headers = { 'X-GitHub-Event': 'ping' };
  await api.call('POST', new URL(urls.secret).pathname, body, { key: null, headers });
  const key = urls.secret.split('/').at(-1);
  const check = async () => {
    const listed = await api.call('GET', '/api/v1/receipts');
    const [{ id: receiptId, request }] = listed.json.data;
    const shown = await api.call('GET', `/api/v1/receipts/${receiptId}`);
    assert.match(request.body, /\[redacted\]/);
    for (const { text } of [listed, shown]) assert.ok(!text.includes(key));
  };
  await check();
  const path = `/api/v1/sources/${id}/regenerate-url`;
  const again = await api.call('POST', path, { graceSeconds: 60 });
  assert.equal(again.status, 200, again.text);
  await check();
});

describe('what came is not shown where nobody can tell which of it is secret', () => {
  const body = JSON.stringify({ secret: 'hush', image: 'registry.example.com/acme/app:v1' });
  const headers = { Authorization: 'hush', 'User-Agent': 'hush' };
  const token = { type: 'native', scheme: { type: 'token' } };

  async function pushed(api: Awaited<ReturnType<typeof openApi>>, source: Record<string, unknown>) {
    const made = (await api.call('POST', '/api/v1/sources', { ...token, ...source })).json.data;
    const sent = await api.call('POST', new URL(made.urls.typed).pathname, body, { key: null, headers });
    assert.equal(sent.status, 200, sent.text);
    return made.id;
  }

  async function checkWithheld(api: Awaited<ReturnType<typeof openApi>>) {
    const listed = await api.call('GET', '/api/v1/receipts');
    const [{ id, request, facts, warnings }] = listed.json.data;
    const shown = await api.call('GET', `/api/v1/receipts/${id}`);
    for (const { text } of [listed, shown]) assert.ok(!text.includes('hush'), text);
    assert.deepEqual([request.body, request.headers['user-agent']], ['[redacted]', '[redacted]']);
    assert.match(warnings[0], /are kept, and not shown/);
    assert.equal(facts[0].repository, 'acme/app');
  }

  test('its source was deleted', async () => {
    const api = await openApi();
    const id = await pushed(api, { secret: 'hush' });
    assert.equal((await api.call('DELETE', `/api/v1/sources/${id}`)).status, 204);
    await checkWithheld(api);
  });

  test('its secret stands elsewhere, and is not there now', async () => {
    const api = await openApi();
    const { secretReferences } = api.ports;
    api.ports.secretReferences = { read: async () => ({ kind: 'value', value: 'hush' }) };
    await pushed(api, { secretRef: 'env:HOOKYARD_SECRET_A' });
    api.ports.secretReferences = secretReferences;
    await checkWithheld(api);
  });
});
