import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, type TestApi } from '../../test/support/api.ts';

const LISTS = ['events', 'deliveries', 'webhook-subscriptions', 'sources', 'receipts', 'keys'];

/** Five events, keys, subscriptions and sources, of a millisecond each. */
async function filled() {
  const api = await openApi();
  for (let at = 0; at < 5; at++) {
    api.advance(1);
    await api.call('POST', '/api/v1/sources', { type: 'native' });
    await api.call('POST', '/api/v1/webhook-subscriptions', {
      name: `s${at}`,
      url: 'https://a.example.com',
      events: ['x'],
    });
    await api.call('POST', '/api/v1/events', { type: 'a', data: at });
  }
  return api;
}

/** Ids of a list from its last page on, by cursors to what is newer. */
async function walkedBack(api: TestApi, list: string): Promise<readonly string[]> {
  let { json } = await api.call('GET', `/api/v1/${list}?page=3&pageSize=2`);
  const met = json.data.map(({ id }: { id: string }) => id);
  while (json.meta.prevCursor !== null) {
    ({ json } = await api.call('GET', `/api/v1/${list}?limit=2&cursor=${json.meta.prevCursor}`));
    met.unshift(...json.data.map(({ id }: { id: string }) => id));
  }
  return met;
}

test('every list is newest first, with the same items by page and by cursor, forth and back', async () => {
  const api = await filled();
  for (const list of ['events', 'webhook-subscriptions', 'sources', 'keys']) {
    const all = (await api.call('GET', `/api/v1/${list}`)).json.data.map(({ id }: { id: string }) => id);
    assert.deepEqual(all, [...all].sort().reverse(), list);
    const byCursor: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const { json } = await api.call('GET', `/api/v1/${list}?limit=2${cursor}`);
      byCursor.push(...json.data.map(({ id }: { id: string }) => id));
      next = json.meta.nextCursor;
    }
    assert.deepEqual(byCursor, all, list);
    assert.deepEqual(await walkedBack(api, list), all, list);
    const second = await api.call('GET', `/api/v1/${list}?page=2&pageSize=2`);
    assert.deepEqual(
      second.json.data.map(({ id }: { id: string }) => id),
      all.slice(2, 4),
      list,
    );
  }
});

test('meta says where one is and whether there is more', async () => {
  const api = await filled();
  const first = (await api.call('GET', '/api/v1/events?page=1&pageSize=4')).json.meta;
  assert.deepEqual(
    { ...first, nextCursor: typeof first.nextCursor },
    {
      page: 1,
      pageSize: 4,
      nextCursor: 'string',
      prevCursor: null,
    },
  );
  const last = await api.call('GET', `/api/v1/events?limit=4&cursor=${first.nextCursor}`);
  const { prevCursor, ...rest } = last.json.meta;
  assert.deepEqual(rest, { page: null, pageSize: 4, nextCursor: null });
  assert.equal(last.json.data.length, 1);
  const back = await api.call('GET', `/api/v1/events?limit=4&cursor=${prevCursor}`);
  assert.deepEqual(back.json.meta, { page: null, pageSize: 4, nextCursor: first.nextCursor, prevCursor: null });
});

test('wrong paging is refused with the parameter at fault, on every list', async () => {
  const api = await openApi();
  const wrong: [query: string, pointer: string][] = [
    ['page=0', '?page'],
    ['page=-1', '?page'],
    ['page=1.5', '?page'],
    ['page=501&pageSize=20', '?page'],
    ['pageSize=201', '?pageSize'],
    ['pageSize=x', '?pageSize'],
    ['limit=201', '?limit'],
    ['cursor=nonsense', '?cursor'],
    ['cursor=', '?cursor'],
    ['cursor=AZy4Lsn&page=1', '?cursor'],
    ['limit=2&page=1', '?limit'],
    ['colour=red', '?colour'],
    ['page=1&page=2', '?page'],
  ];
  for (const list of LISTS) {
    for (const [query, pointer] of wrong) {
      const got = await api.call('GET', `/api/v1/${list}?${query}`);
      assert.deepEqual([got.status, got.json.errors?.[0]?.pointer], [400, pointer], `${list}?${query}`);
    }
  }
});

test('the largest page and the deepest are answered', async () => {
  const api = await openApi();
  for (const query of ['pageSize=200', 'limit=200', 'page=500&pageSize=20', 'page=10000&pageSize=1']) {
    const got = await api.call('GET', `/api/v1/events?${query}`);
    assert.deepEqual([got.status, got.json.data], [200, []], query);
  }
});

test('a cursor leads on with a limit, and neither with a page nor with its size', async () => {
  const api = await filled();
  const { nextCursor } = (await api.call('GET', '/api/v1/events?pageSize=2')).json.meta;
  const asked = async (query: string) => (await api.call('GET', `/api/v1/events?cursor=${nextCursor}&${query}`)).status;
  assert.deepEqual([await asked('limit=2'), await asked('page=1'), await asked('pageSize=2')], [200, 400, 400]);
});

test('a cursor that was tampered with is refused', async () => {
  const api = await filled();
  const { nextCursor, prevCursor } = (await api.call('GET', '/api/v1/events?page=2&pageSize=1')).json.meta;
  for (const made of [nextCursor, prevCursor]) {
    for (const cursor of [`${made}A`, made.slice(1), made.slice(0, -1), `${made}=`, `${made.slice(0, -1)}*`]) {
      const got = await api.call('GET', `/api/v1/events?cursor=${encodeURIComponent(cursor)}`);
      assert.deepEqual([got.status, got.json.errors?.[0]?.pointer], [400, '?cursor'], cursor);
    }
  }
});

test('filters of lists are checked too', async () => {
  const api = await openApi();
  const wrong: [path: string, pointer: string][] = [
    ['events?since=yesterday', '?since'],
    ['events?type=a..b', '?type'],
    ['events?owner=org', '?owner'],
    ['deliveries?status=lost', '?status'],
    ['deliveries?subscriptionId=7', '?subscriptionId'],
    ['receipts?outcome=lost', '?outcome'],
  ];
  for (const [path, pointer] of wrong) {
    const got = await api.call('GET', `/api/v1/${path}`);
    assert.deepEqual([got.status, got.json.errors?.[0]?.pointer], [400, pointer], path);
  }
});
