import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openApi, type TestApi } from '../../../test/support/api.ts';
import { NO_HEALTH } from '../../core/health.ts';
import { DEFAULT_TENANT, type Id } from '../../core/ids.ts';
import { switchOff } from '../../flows/switch-subscription.ts';

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
