import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ADMIN_KEY, apiOf } from '../support/hookyard.ts';
import { openJourney } from '../support/journey.ts';
import { startNameServer } from '../support/name-server.ts';
import { assertProblem } from '../support/problems.ts';

const names = await startNameServer({ 'public.journey.test': ['93.184.215.14'] });
after(names.close);
// No allow-list: this is the gate as it stands in production.
const journey = await openJourney({ env: names.env, allowed: null });
after(journey.close);
const { api, url, logs } = journey.hookyard;

const SUBSCRIPTIONS = '/api/v1/webhook-subscriptions';
const SOURCES = '/api/v1/sources';
const EVENTS = '/api/v1/events';
const KEYS = '/api/v1/keys';
const LISTS = [SUBSCRIPTIONS, SOURCES, EVENTS, KEYS, '/api/v1/deliveries', '/api/v1/receipts'];
const SECRET = 'not-to-be-seen-anywhere-9f8e7d';

const good = { name: 'good', url: 'https://public.journey.test/hook' };

function lists(): Promise<string[]> {
  return Promise.all(LISTS.map(async (path) => (await api('GET', path)).text));
}

const before = await lists();

interface BadBody {
  name: string;
  path: string;
  body: unknown;
  status?: number;
  code?: string;
  pointers?: readonly string[];
}

const deep = `{"type":"a.b","data":${'['.repeat(100)}${']'.repeat(100)}}`;

const BAD_BODIES: readonly BadBody[] = [
  { name: 'nothing', path: SUBSCRIPTIONS, body: '', code: 'invalid_json' },
  { name: 'half a document', path: SUBSCRIPTIONS, body: `{"name":"${SECRET}","ur`, code: 'invalid_json' },
  { name: 'a list', path: SUBSCRIPTIONS, body: '[]', code: 'invalid_json' },
  { name: 'two documents', path: EVENTS, body: '{"type":"a.b","data":1}{}', code: 'invalid_json' },
  { name: 'a repeated field', path: EVENTS, body: '{"type":"a.b","type":"c.d","data":1}', code: 'invalid_json' },
  { name: 'a byte order mark', path: EVENTS, body: '\ufeff{"type":"a.b","data":1}', code: 'invalid_json' },
  { name: 'depth', path: EVENTS, body: deep, code: 'json_too_deep' },
  { name: 'depth in a setting', path: SUBSCRIPTIONS, body: deep, code: 'json_too_deep' },
  { name: 'nothing it needs', path: SUBSCRIPTIONS, body: {}, pointers: ['/url'] },
  { name: 'nothing it needs', path: EVENTS, body: {}, pointers: ['/type', '/data'] },
  { name: 'nothing it needs', path: SOURCES, body: {}, pointers: ['/type'] },
  { name: 'nothing it needs', path: KEYS, body: {}, pointers: ['/name', '/role'] },
  {
    name: 'wrong types',
    path: SUBSCRIPTIONS,
    body: { name: 7, url: ['https://a.test'], events: 'all', timeout: '30000', headers: [], enabled: 'yes' },
    pointers: ['/name', '/url', '/events', '/timeout', '/headers', '/enabled'],
  },
  {
    name: 'numbers out of bounds',
    path: SUBSCRIPTIONS,
    body: { ...good, timeout: 60_001, retryPolicy: { maxRetries: -1, jitter: 1.5, backoffSeconds: -1 } },
    pointers: ['/timeout', '/retryPolicy/maxRetries', '/retryPolicy/jitter', '/retryPolicy/backoffSeconds'],
  },
  {
    name: 'unknown fields, also inside',
    path: SUBSCRIPTIONS,
    body: {
      ...good,
      retries: 3,
      retryPolicy: { max: 3 },
      filters: [{ field: 'a', operator: 'equals', value: 1, or: 2 }],
    },
    pointers: ['/retries', '/retryPolicy/max', '/filters/0/or'],
  },
  { name: 'an unknown field', path: EVENTS, body: { type: 'a.b', data: 1, kind: 'x' }, pointers: ['/kind'] },
  { name: 'an unknown field', path: SOURCES, body: { type: 'native', token: SECRET }, pointers: ['/token'] },
  {
    name: 'a read-only field',
    path: SUBSCRIPTIONS,
    body: { ...good, id: 'x', createdAt: 'now' },
    pointers: ['/id', '/createdAt'],
  },
  {
    name: 'prototype names',
    path: SUBSCRIPTIONS,
    body: '{"name":"n","url":"https://public.journey.test/","__proto__":{"enabled":false},"constructor":1}',
    pointers: ['/__proto__', '/constructor'],
  },
  {
    name: 'line breaks in headers',
    path: SUBSCRIPTIONS,
    body: { ...good, headers: { 'X-A': `a\r\nX-B: ${SECRET}`, 'X-C\r\n': 'c', 'X-D': 'd\n', 'X-E': '\u0000' } },
    pointers: ['/headers/X-A', '/headers/X-C\r\n', '/headers/X-D', '/headers/X-E'],
  },
  {
    name: 'line breaks in the headers of an event',
    path: EVENTS,
    body: { type: 'a.b', data: 1, headers: { 'X-A': `a\r\nX-B: ${SECRET}` } },
    pointers: ['/headers/X-A'],
  },
  {
    name: 'line breaks in credentials',
    path: SUBSCRIPTIONS,
    body: { ...good, authType: 'bearer', bearerToken: `${SECRET}\r\nX-B: b` },
    pointers: ['/bearerToken'],
  },
  {
    name: 'headers that are not for users',
    path: SUBSCRIPTIONS,
    body: {
      ...good,
      headers: {
        Host: 'a',
        'content-LENGTH': '1',
        'Proxy-Authorization': 'x',
        'X-Stella-Signature': 'x',
        'Hookyard-Attempt': '9',
      },
    },
    pointers: [
      '/headers/Host',
      '/headers/content-LENGTH',
      '/headers/Proxy-Authorization',
      '/headers/X-Stella-Signature',
      '/headers/Hookyard-Attempt',
    ],
  },
  {
    name: 'two spellings of one header',
    path: SUBSCRIPTIONS,
    body: { ...good, headers: { 'X-A': '1', 'x-a': '2' } },
    pointers: ['/headers/x-a'],
  },
  {
    name: 'paths and patterns that are wrong',
    path: SUBSCRIPTIONS,
    body: {
      ...good,
      filters: [
        { field: '$.data[', operator: 'equals', value: 1 },
        { field: '$..[?(@.a==1', operator: 'equals', value: 1 },
        { field: 'data.tag', operator: 'matches', value: '(' },
        { field: 'data.tag', operator: 'matches', value: '(a)\\1' },
        { field: 'data.tag', operator: 'matches', value: '(?=a)b' },
      ],
    },
    pointers: ['/filters/0/field', '/filters/1/field', '/filters/2/value', '/filters/3/value', '/filters/4/value'],
  },
  {
    name: 'a pattern that is too costly',
    path: SUBSCRIPTIONS,
    body: { ...good, filters: [{ field: 'data.tag', operator: 'matches', value: '((a{0,99}){0,99}){0,99}' }] },
    pointers: ['/filters/0/value'],
  },
  {
    name: 'filters that contradict each other',
    path: SUBSCRIPTIONS,
    body: {
      ...good,
      filters: [
        { field: '$.data.environment.name', operator: 'equals', value: 'production' },
        { field: 'data.environment.name', operator: 'equals', value: 'staging' },
      ],
    },
    pointers: ['/filters/1/value'],
  },
  {
    name: 'an operator that does not exist',
    path: SUBSCRIPTIONS,
    body: { ...good, filters: [{ field: 'a', operator: 'is', value: 1 }] },
    pointers: ['/filters/0/operator'],
  },
  {
    name: 'an event pattern that is none',
    path: SUBSCRIPTIONS,
    body: { ...good, events: ['*.failed', 'a b', ''] },
    pointers: ['/events/0', '/events/1', '/events/2'],
  },
  {
    name: 'credentials of another kind',
    path: SUBSCRIPTIONS,
    body: { ...good, authType: 'basic', bearerToken: SECRET },
    pointers: ['/basicUsername', '/basicPassword', '/bearerToken'],
  },
  { name: 'an event type that is none', path: EVENTS, body: { type: 'a..b', data: 1 }, pointers: ['/type'] },
  {
    name: 'a time that is none',
    path: EVENTS,
    body: { type: 'a.b', data: 1, occurredAt: '2026-02-30T00:00:00Z' },
    pointers: ['/occurredAt'],
  },
  { name: 'a source type that does not exist', path: SOURCES, body: { type: 'svn' }, pointers: ['/type'] },
  {
    name: 'a scheme that does not exist',
    path: SOURCES,
    body: { type: 'native', scheme: { type: 'rot13' } },
    pointers: ['/scheme/type'],
  },
  {
    name: 'a setting that its scheme has not',
    path: SOURCES,
    body: { type: 'native', scheme: { type: 'url', header: 'X-A' } },
    pointers: ['/scheme/header'],
  },
  {
    name: 'a secret where none is used',
    path: SOURCES,
    body: { type: 'dockerhub', secret: SECRET },
    pointers: ['/secret'],
  },
  { name: 'a role that does not exist', path: KEYS, body: { name: 'k', role: 'root' }, pointers: ['/role'] },
];

for (const { name, path, body, status = 400, code = 'validation_failed', pointers = [] } of BAD_BODIES) {
  test(`POST ${path} refuses ${name}`, async () => {
    const answer = await api('POST', path, body);
    assert.equal(answer.status, status, answer.text);
    assertProblem(answer, code);
    const errors = answer.problem.errors ?? [];
    if (code === 'validation_failed')
      assert.deepEqual(errors.map(({ pointer }) => pointer).sort(), [...pointers].sort());
    for (const { message } of errors) assert.match(message, /^\S.{5,}/);
    assert.ok(!answer.text.includes(SECRET), answer.text);
  });
}

test('a call without a valid key is 401 and says nothing else, whatever it asks for', async () => {
  const calls = [apiOf(url, null), apiOf(url, SECRET), apiOf(url, `${ADMIN_KEY}x`)];
  for (const call of calls) {
    for (const path of [...LISTS, `${SUBSCRIPTIONS}/nobody`]) {
      const answer = await call('GET', path);
      assert.equal(answer.status, 401, path);
      assertProblem(answer, 'unauthorized');
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
    assertProblem(await call('POST', EVENTS, { type: 'a.b', data: 1 }), 'unauthorized');
  }
});

const BAD_CALLS: readonly { method: string; path: string; status: number; code: string }[] = [
  { method: 'GET', path: '/api/v1/nothing', status: 404, code: 'not_found' },
  { method: 'GET', path: `${SUBSCRIPTIONS}/not-an-id`, status: 404, code: 'not_found' },
  { method: 'GET', path: `${SUBSCRIPTIONS}/019a5b6e-8a00-7c3d-9f10-2b64d0f3a101`, status: 404, code: 'not_found' },
  { method: 'GET', path: `${SUBSCRIPTIONS}/..%2f..%2fetc%2fpasswd`, status: 404, code: 'not_found' },
  { method: 'PUT', path: SUBSCRIPTIONS, status: 405, code: 'method_not_allowed' },
  { method: 'DELETE', path: EVENTS, status: 405, code: 'method_not_allowed' },
  { method: 'GET', path: `${EVENTS}?pageSize=100000`, status: 400, code: 'validation_failed' },
  { method: 'GET', path: `${EVENTS}?page=0`, status: 400, code: 'validation_failed' },
  { method: 'GET', path: `${EVENTS}?cursor=tampered`, status: 400, code: 'validation_failed' },
  { method: 'GET', path: `${EVENTS}?typ=a.b`, status: 400, code: 'validation_failed' },
  { method: 'GET', path: `${EVENTS}?since=yesterday`, status: 400, code: 'validation_failed' },
  { method: 'GET', path: `/api/v1/deliveries?status=lost`, status: 400, code: 'validation_failed' },
  {
    method: 'POST',
    path: '/api/v1/deliveries/019a5b6e-8a00-7c3d-9f10-2b64d0f3a101/redeliver',
    status: 404,
    code: 'not_found',
  },
  {
    method: 'POST',
    path: '/api/v1/deliveries/019a5b6e-8a00-7c3d-9f10-2b64d0f3a101/cancel',
    status: 404,
    code: 'not_found',
  },
];

for (const { method, path, status, code } of BAD_CALLS) {
  test(`${method} ${path} is ${status}`, async () => {
    const answer = await api(method, path);
    assert.equal(answer.status, status, answer.text);
    assertProblem(answer, code);
  });
}

test('nothing of it was stored, not even by halves', async () => {
  assert.deepEqual(await lists(), before);
});

test('none of it was an error of ours, and nothing of it stands in the log', async () => {
  const log = await logs();
  assert.ok(!log.includes(SECRET));
  assert.ok(!/"level":(50|"error")/.test(log), log);
});
