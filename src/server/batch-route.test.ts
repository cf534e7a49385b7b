import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CallOptions, type Got, openApi, type TestApi } from '../../test/support/api.ts';
import type { FieldError } from '../core/problem.ts';
import type { Store } from '../ports.ts';
import { bodyLimits } from './options.ts';

const BATCH = '/api/v1/events/batch';

async function subscribe(api: TestApi, more: Record<string, unknown> = {}): Promise<void> {
  const input = { name: 'all', url: 'https://api.example.com/hook', ...more };
  const made = await api.call('POST', '/api/v1/webhook-subscriptions', input);
  assert.equal(made.status, 201, made.text);
}

function send(api: TestApi, events: readonly unknown[], more: object = {}, options: CallOptions = {}): Promise<Got> {
  return api.call('POST', BATCH, { events, ...more }, options);
}

async function stored(api: TestApi): Promise<string[]> {
  const got = await api.call('GET', '/api/v1/events?limit=200');
  return got.json.data.map(({ type }: { type: string }) => type).sort();
}

const pointers = (errors: readonly FieldError[]) => errors.map(({ pointer }) => pointer).sort();
const good = (type: string, more: object = {}) => ({ type, data: { of: type }, ...more });
const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const keyed = { headers: { 'Idempotency-Key': 'k-1' } };

/** Makes every write of an event fail as a store that is away does, until it is told otherwise. */
function breakable({ ports }: TestApi, breaks: (type: string) => boolean): void {
  const store = ports.store;
  const append: Store['append'] = async (request) => {
    if (breaks(request.event.type)) throw Object.assign(new Error('away'), { code: 'STORE_UNAVAILABLE' });
    return store.append(request);
  };
  Object.assign(ports, { store: { ...store, append } });
}

describe('a batch', () => {
  test('is answered with what became of each event, in their order', async () => {
    const api = await openApi();
    await subscribe(api, { events: ['wanted.*'] });
    const got = await send(api, [good('wanted.a'), good('other'), { type: 'a..b', data: 1 }, good('wanted.b')]);
    assert.equal(got.status, 202, got.text);
    const { accepted, refused, results } = got.json.data;
    assert.deepEqual([accepted, refused], [3, 1]);
    assert.deepEqual(
      results.map(({ index, deliveries }: { index: number; deliveries?: number }) => [index, deliveries]),
      [
        [0, 1],
        [1, 0],
        [2, undefined],
        [3, 1],
      ],
    );
    assert.equal(results[2].problem.code, 'validation_failed');
    assert.deepEqual(await stored(api), ['other', 'wanted.a', 'wanted.b']);
    assert.equal(api.handovers.length, 3);
  });

  test('keeps data byte for byte, each in an allocation of its own', async () => {
    const api = await openApi();
    const texts = ['{ "n" : 1.000000000000000000001, "twice":1, "twice":2 }', '12345678901234567890', ' "\\u00e4ä" '];
    const events = texts.map((text, at) => ` {"data":${text},"type":"a.n${at}"\n} `).join(',');
    for (const more of ['', ',"atomic":true']) {
      api.handovers.length = 0;
      const got = await api.call('POST', BATCH, `{"events": [${events}]${more} }`);
      assert.equal(got.status, 202, got.text);
      for (const [at, text] of texts.entries()) {
        const kept = api.handovers[at]?.event.data;
        assert.equal(new TextDecoder().decode(kept), text.trim());
        assert.equal(kept?.buffer.byteLength, new TextEncoder().encode(text.trim()).length);
      }
    }
  });

  test('gives every event its own id, owner, tags, headers, time and ordering key', async () => {
    const api = await openApi();
    const fields = {
      id: 'mine',
      owner: 'org:7/repo:42',
      tags: ['x'],
      headers: { 'X-Build': '77' },
      orderingKey: 'k',
      occurredAt: '2026-01-31T09:30:00.000Z',
    };
    const got = await send(api, [good('a', fields), good('b')]);
    const [first, second] = got.json.data.results;
    const shown = (await api.call('GET', `/api/v1/events/${first.id}`)).json.data;
    const { id, headers, ...same } = fields;
    assert.deepEqual({ ...shown, ...same, externalId: id }, shown);
    assert.deepEqual(Object.keys(shown.headers), Object.keys(headers));
    const bare = (await api.call('GET', `/api/v1/events/${second.id}`)).json.data;
    assert.deepEqual([bare.externalId, bare.owner, bare.tags, bare.orderingKey], [null, null, [], null]);
  });

  const WRONG: readonly [body: unknown, ...pointers: string[]][] = [
    [{}, '/events'],
    [{ events: {} }, '/events'],
    [{ events: [] }, '/events'],
    [{ events: Array.from({ length: 1001 }, () => good('a')) }, '/events'],
    [{ events: [good('a')], atomic: 'yes' }, '/atomic'],
    [{ events: [good('a')], dryRun: true, 'a/b': 1 }, '/a~1b', '/dryRun'],
  ];
  test('of another shape is refused whole, with the pointer of what is wrong', async () => {
    const api = await openApi();
    for (const [body, ...expected] of WRONG) {
      const got = await api.call('POST', BATCH, body);
      assert.deepEqual([got.status, got.json.code], [400, 'validation_failed']);
      assert.deepEqual(pointers(got.json.errors), expected);
    }
    for (const text of [
      '{"events":[{"type":"a","data":1},]}',
      '{"events":[1 2]}',
      '{"events":[1],"events":[2]}',
      '[]',
    ]) {
      assert.deepEqual((await api.call('POST', BATCH, text)).json.code, 'invalid_json', text);
    }
    assert.equal((await api.call('POST', `${BATCH}?dry=1`, { events: [good('a')] })).status, 400);
    assert.deepEqual(await stored(api), []);
  });

  test('is for publishers, and what is over its limit is refused', async () => {
    const api = await openApi({ maxBodyBytes: 1000 });
    const events = [good('a')];
    assert.equal((await send(api, events, {}, { key: api.keys.publisher })).status, 202);
    assert.equal((await send(api, events, {}, { key: api.keys.viewer })).status, 403);
    assert.equal((await send(api, events, {}, { key: null })).status, 401);
    const half = good('b', { data: 'x'.repeat(940) });
    assert.equal((await send(api, Array(8).fill(half))).status, 202);
    const large = await send(api, [good('c', { data: 'x'.repeat(1000) }), good('d')]);
    const [refusal, accepted] = large.json.data.results;
    assert.deepEqual([refusal.problem.status, refusal.problem.code], [413, 'body_too_large']);
    assert.equal(accepted.deliveries, 0);
    assert.equal((await send(api, Array(9).fill(half))).status, 413);
  });

  test('is counted in memory with what it is parsed to, until it is answered', async () => {
    const api = await openApi({ maxRequestBytes: 1, maxBodyBytes: 1000 });
    const { load } = api.app.server;
    const taken = load.maxBytes - 1000;
    load.bytes = taken;
    const events = [good('a', { data: 'x'.repeat(400) })];
    const crowded = await send(api, events);
    assert.deepEqual([crowded.status, crowded.json.code, load.bytes], [429, 'overloaded', taken]);
    load.bytes = taken - 1000;
    assert.equal((await send(api, events)).status, 202);
    assert.equal(load.bytes, taken - 1000);
  });

  test('of the largest size finds room, however little the instance has', async () => {
    const api = await openApi({ maxRequestBytes: 1, maxBodyBytes: 100_000 });
    assert.equal((await send(api, [good('a', { data: 'x'.repeat(99_900) })])).status, 202);
    assert.equal((await send(api, Array(8).fill(good('a', { data: 'x'.repeat(99_900) })))).status, 413);
  });

  test('has room for eight of the largest events, up to 16 MiB, and for one that is larger', () => {
    const mebibytes = (maxBodyBytes: number | undefined) => bodyLimits({ maxBodyBytes }).batch / 1024 / 1024;
    assert.deepEqual([undefined, 2 ** 20, 2 ** 22, 2 ** 26].map(mebibytes), [8, 8, 16, 64]);
    assert.equal(bodyLimits({ maxRequestBytes: 6 * 2 ** 20 }).batch, 2 * 2 ** 20, 'a third of the memory for bodies');
  });
});

describe('an event of a batch that is wrong', () => {
  const rows: readonly [event: unknown, code: string, status: number, ...pointers: string[]][] = [
    [{ data: 1 }, 'validation_failed', 400, '/events/1/type'],
    [good('x'.repeat(65)), 'validation_failed', 400, '/events/1/type'],
    [good('a', { owner: 'org' }), 'validation_failed', 400, '/events/1/owner'],
    [good('a', { headers: { Host: 'a' } }), 'validation_failed', 400, '/events/1/headers/Host'],
    [good('a', { tags: ['', 'b'] }), 'validation_failed', 400, '/events/1/tags/0'],
    [good('a', { id: 'x'.repeat(129), 'c/d': 1 }), 'validation_failed', 400, '/events/1/c~1d', '/events/1/id'],
    [good('a', { data: nested(64) }), 'json_too_deep', 400, '/events/1'],
    [good('a', { data: nested(1000) }), 'json_too_deep', 400, '/events/1'],
    [7, 'invalid_json', 400, '/events/1'],
    [null, 'invalid_json', 400, '/events/1'],
  ];
  for (const [event, code, status, ...expected] of rows) {
    test(`is named at ${expected.join(' and ')} and the others are stored`, async () => {
      const api = await openApi();
      const got = await send(api, [good('before'), event, good('after')]);
      const { problem } = got.json.data.results[1];
      assert.deepEqual([problem.code, problem.status, pointers(problem.errors)], [code, status, expected]);
      assert.deepEqual(await stored(api), ['after', 'before']);
      const atomic = await send(api, [good('before'), event, good('after')], { atomic: true });
      assert.deepEqual([atomic.status, atomic.json.code], [422, 'batch_refused']);
      assert.deepEqual(pointers(atomic.json.errors), expected);
      assert.equal((await stored(api)).length, 2);
    });
  }

  test('but nests too deeply outside them is refused whole, as is one that is no JSON', async () => {
    const api = await openApi();
    const deep = JSON.stringify(nested(1000));
    const codes = [];
    for (const text of [
      `{"events":[{"type":"a","data":1}],"atomic":${deep}}`,
      `{"events":{"type":"a","data":${deep}}}`,
      `{"events":[{"type":"a","data":${deep}} 7]}`,
    ]) {
      codes.push((await api.call('POST', BATCH, text)).json.code);
    }
    assert.deepEqual(codes, ['json_too_deep', 'json_too_deep', 'invalid_json']);
    assert.equal((await send(api, [good('a', { data: nested(63) })])).json.data.accepted, 1);
  });

  test('by a name that stands twice in it, at the second of them', async () => {
    const api = await openApi();
    const got = await api.call('POST', BATCH, '{"events":[{"type":"a","data":1,"data":2}]}');
    const { problem } = got.json.data.results[0];
    assert.deepEqual([problem.code, pointers(problem.errors)], ['invalid_json', ['/events/0/data']]);
  });

  test('in many places is answered with the first ten', async () => {
    const api = await openApi();
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`unknown${at}`, 1]));
    const got = await send(api, [good('a', many)]);
    assert.equal(got.json.data.results[0].problem.errors.length, 10);
  });
});

describe('ids in a batch', () => {
  test('count once, in it and before it, also where a single event brought them', async () => {
    const api = await openApi();
    const single = await api.call('POST', '/api/v1/events', good('single', { id: 'one' }));
    const events = [good('single', { id: 'one' }), good('b', { id: 'two' }), good('b', { id: 'two' })];
    for (const more of [{}, { atomic: true }]) {
      const { results, accepted } = (await send(api, events, more)).json.data;
      assert.equal(accepted, 3);
      assert.deepEqual(results[0], { index: 0, ...single.json.data, duplicate: true });
      assert.equal(results[1].id, results[2].id);
      assert.equal(results[2].duplicate, true);
    }
    assert.deepEqual(await stored(api), ['b', 'single']);
  });

  for (const [how, first] of [
    ['before it', true],
    ['in it', false],
  ] as const) {
    test(`that were used with another body ${how} have that event refused, or the whole atomic batch`, async () => {
      const api = await openApi();
      if (first) await send(api, [good('a', { id: 'one' })]);
      const events = [good(first ? 'x' : 'a', { id: 'one' }), good('other', { id: 'one' }), good('c')];
      const atomic = await send(api, first ? events.slice(1) : events, { atomic: true });
      assert.deepEqual([atomic.status, atomic.json.code], [422, 'batch_refused']);
      assert.deepEqual(pointers(atomic.json.errors), [first ? '/events/0/id' : '/events/1/id']);
      assert.deepEqual(await stored(api), first ? ['a'] : []);
      const { results } = (await send(api, events)).json.data;
      assert.deepEqual([results[1].problem.status, results[1].problem.code], [422, 'idempotency_mismatch']);
      assert.deepEqual(pointers(results[1].problem.errors), ['/events/1/id']);
      assert.deepEqual(await stored(api), ['a', 'c']);
    });
  }
});

describe('an Idempotency-Key of a batch', () => {
  for (const more of [{}, { atomic: true }]) {
    const which = 'atomic' in more ? 'an atomic batch' : 'a batch';
    test(`has ${which} count once, with the first answer again`, async () => {
      const api = await openApi();
      const events = [good('a'), { type: 'wrong' }, good('b', { id: 'mine' })].filter(
        ({ type }) => !('atomic' in more) || type !== 'wrong',
      );
      const first = await send(api, events, more, keyed);
      assert.equal(first.headers.get('idempotent-replayed'), null);
      const again = await send(api, events, more, keyed);
      assert.deepEqual([again.status, again.json.data], [202, first.json.data]);
      assert.equal(again.headers.get('idempotent-replayed'), 'true');
      assert.deepEqual(await stored(api), ['a', 'b']);
      const other = await send(api, [...events, good('more')], more, keyed);
      assert.deepEqual([other.status, other.json.code], [422, 'idempotency_mismatch']);
      assert.equal((await stored(api)).length, 2);
    });
  }

  test('makes what is missing when the first request broke off in the middle', async () => {
    const api = await openApi();
    let broken = true;
    breakable(api, (type) => broken && type === 'b');
    const events = [good('a', { orderingKey: 'k' }), good('b', { orderingKey: 'k' }), good('c', { orderingKey: 'k' })];
    const first = (await send(api, events, {}, keyed)).json.data;
    assert.deepEqual([first.accepted, first.refused], [1, 2]);
    for (const { problem } of first.results.slice(1)) {
      assert.deepEqual([problem.status, problem.code], [503, 'store_unavailable']);
    }
    broken = false;
    const second = (await send(api, events, {}, keyed)).json.data;
    assert.deepEqual([second.accepted, second.results[0]], [3, first.results[0]]);
    assert.deepEqual(await stored(api), ['a', 'b', 'c']);
  });
});

test('a batch of which the store takes nothing is refused whole, to be sent again', async () => {
  const api = await openApi();
  breakable(api, () => true);
  const got = await send(api, [good('a'), { type: 'wrong' }, good('b')]);
  assert.deepEqual([got.status, got.json.code, got.headers.get('retry-after')], [503, 'store_unavailable', '1']);
});
