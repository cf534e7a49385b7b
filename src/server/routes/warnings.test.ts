import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { openApi, type TestApi } from '../../../test/support/api.ts';
import { NO_HEALTH } from '../../core/health.ts';
import { DEFAULT_TENANT, type Id } from '../../core/ids.ts';
import { switchOff } from '../../flows/switch-subscription.ts';

const PUSH = JSON.stringify({ image: 'registry.example.com/acme/app:v1' });

async function subscribe(api: TestApi, owner?: string, more: Record<string, unknown> = {}): Promise<Id> {
  api.advance(1);
  const url = 'https://user@chat.example.com/hooks/s3cret?key=s3cret';
  const made = await api.call('POST', '/api/v1/webhook-subscriptions', { name: 'chat', url, owner, ...more });
  assert.equal(made.status, 201, made.text);
  return made.json.data.id;
}

/** Stores a streak as another process may have. */
async function fails(api: TestApi, id: Id, consecutiveFailures: number): Promise<void> {
  const health = { ...NO_HEALTH, consecutiveFailures, firstFailureAtMs: Date.UTC(2026, 0, 9) };
  await api.ports.store.settle({ settlements: [], health: new Map([[id, health]]) });
}

async function goesOff(api: TestApi, id: Id, reason: 'gone' | 'failures'): Promise<void> {
  const subscription = (await api.ports.configuration.of(DEFAULT_TENANT)).subscriptions.get(id);
  await switchOff(api.ports, subscription ?? assert.fail('the subscription is there'), reason);
}

const listed = async (api: TestApi, query = ''): Promise<Id[]> => {
  const { json } = await api.call('GET', `/api/v1/warnings${query}`);
  return json.data.map(({ subscription }: { subscription: { id: Id } }) => subscription.id);
};

describe('the list of warnings', () => {
  test('shows a streak that passed a mark, with the host and nothing else of the URL', async () => {
    const api = await openApi();
    const id = await subscribe(api, 'org:7');
    await fails(api, id, 24);
    assert.deepEqual(await listed(api), []);
    await fails(api, id, 36);
    const { json, text } = await api.call('GET', '/api/v1/warnings');
    assert.deepEqual(json.data, [
      {
        kind: 'warning',
        subscription: { id, name: 'chat', host: 'chat.example.com', owner: 'org:7' },
        consecutiveFailures: 36,
        threshold: 50,
        percent: 70,
        since: '2026-01-09T00:00:00.000Z',
      },
    ]);
    assert.ok(!text.includes('s3cret'));
  });

  test('shows what was switched off and why, but not what a person switched off or on', async () => {
    const api = await openApi();
    const [gone, failing] = [await subscribe(api), await subscribe(api)];
    await subscribe(api, undefined, { enabled: false });
    await fails(api, failing, 50);
    await goesOff(api, gone, 'gone');
    await goesOff(api, failing, 'failures');
    const { data } = (await api.call('GET', '/api/v1/warnings')).json;
    const facts = data.map((one: Record<string, unknown>) => [one.kind, one.reason, one.percent, one.since]);
    const since = '2026-03-04T09:30:00.003Z';
    assert.deepEqual(facts, [
      ['disabled', 'failures', 100, since],
      ['disabled', 'gone', 100, since],
    ]);
    for (const id of [gone, failing]) await api.call('POST', `/api/v1/webhook-subscriptions/${id}/enable`);
    assert.deepEqual(await listed(api), []);
  });

  test('is asked for by owner, in whole segments', async () => {
    const api = await openApi();
    const ids = [];
    for (const owner of ['org:7', 'org:7/repo:42', 'org:70', undefined]) {
      const id = await subscribe(api, owner);
      await fails(api, id, 25);
      ids.unshift(id);
    }
    const [whole, seventy, repository, organisation] = ids;
    assert.deepEqual(await listed(api), [whole, seventy, repository, organisation]);
    assert.deepEqual(await listed(api, '?owner=org:7'), [repository, organisation]);
    assert.deepEqual(await listed(api, '?owner=org:7/repo:42'), [repository]);
    const wrong = await api.call('GET', '/api/v1/warnings?owner=7');
    assert.deepEqual([wrong.status, wrong.json.errors[0].pointer], [400, '?owner']);
  });

  test('has the sources whose latest requests were all rejected, with what to do', async () => {
    const api = await openApi();
    const failing = await subscribe(api, 'org:7');
    await fails(api, failing, 25);
    api.advance(1);
    const made = await api.call('POST', '/api/v1/sources', { type: 'native', name: 'CI' });
    const { id, urls } = made.json.data;
    const path = new URL(urls.typed).pathname;
    const post = async (headers: Record<string, string> = {}) => {
      api.advance(1);
      return (await api.call('POST', path, PUSH, { key: null, headers })).status;
    };
    for (let at = 0; at < 4; at++) assert.equal(await post(), 401);
    assert.equal((await api.call('GET', '/api/v1/warnings')).json.data.length, 1);
    assert.equal(await post(), 401);
    const [rejecting, other] = (await api.call('GET', '/api/v1/warnings')).json.data;
    const { remedy, ...rest } = rejecting;
    assert.deepEqual(rest, {
      kind: 'rejecting',
      source: { id, name: 'CI', type: 'native', owner: null },
      rejected: 5,
      since: '2026-03-04T09:30:00.003Z',
      reason: 'missing_header',
    });
    assert.match(remedy, new RegExp(`sourceId=${id}&outcome=rejected`));
    assert.equal(other.subscription.id, failing);
    // Nobody's who owns something.
    assert.deepEqual(await listed(api, '?owner=org:7'), [failing]);
    const isOpen = async () => (await api.call('GET', '/api/v1/warnings')).json.data.length === 2;
    await api.call('PATCH', `/api/v1/sources/${id}`, { enabled: false });
    assert.equal(await isOpen(), false);
    await api.call('PATCH', `/api/v1/sources/${id}`, { enabled: true });
    assert.equal(await isOpen(), true);
    const mac = createHmac('sha256', made.json.data.secret).update(PUSH).digest('hex');
    assert.equal(await post({ 'X-Hub-Signature-256': `sha256=${mac}` }), 200);
    assert.equal(await isOpen(), false);
  });

  test('reads rows of rejected requests as far as they are kept', async () => {
    const api = await openApi();
    const { id, urls } = (await api.call('POST', '/api/v1/sources', { type: 'native' })).json.data;
    for (let at = 0; at < 450; at++) {
      api.advance(1);
      await api.call('POST', new URL(urls.typed).pathname, PUSH, { key: null });
    }
    const [warning] = (await api.call('GET', '/api/v1/warnings')).json.data;
    assert.deepEqual([warning.source.id, warning.rejected, warning.since], [id, 450, '2026-03-04T09:30:00.001Z']);
  });

  test('comes in pages', async () => {
    const api = await openApi();
    const ids = [];
    for (let at = 0; at < 3; at++) {
      const id = await subscribe(api);
      await fails(api, id, 25);
      ids.unshift(id);
    }
    assert.deepEqual(await listed(api, '?page=2&pageSize=2'), [ids[2]]);
    const first = await api.call('GET', '/api/v1/warnings?limit=2');
    assert.deepEqual(await listed(api, `?limit=2&cursor=${first.json.meta.nextCursor}`), [ids[2]]);
  });

  test('is for readers of the tenant', async () => {
    const api = await openApi();
    await fails(api, await subscribe(api), 25);
    const statusOf = async (key: string) => (await api.call('GET', '/api/v1/warnings', undefined, { key })).status;
    assert.deepEqual([await statusOf(api.keys.viewer), await statusOf(api.keys.publisher)], [200, 403]);
    const foreign = await api.call('GET', '/api/v1/warnings', undefined, { key: api.foreignKey });
    assert.deepEqual(foreign.json.data, []);
  });
});
