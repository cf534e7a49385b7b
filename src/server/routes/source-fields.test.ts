import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Got, openApi, type TestApi } from '../../../test/support/api.ts';
import { SOURCE_TYPES } from '../../core/source.ts';

const BASE = '/api/v1/sources';
const pointers = ({ json }: Got): string[] => (json.errors ?? []).map(({ pointer }: { pointer: string }) => pointer);

async function made(api: TestApi, fields: object): Promise<{ id: string; path: string; data: Got['json'] }> {
  const got = await api.call('POST', BASE, fields);
  assert.equal(got.status, 201, got.text);
  const { id } = got.json.data;
  return { id, path: `${BASE}/${id}`, data: got.json.data };
}

/** What a caller may set, with another value each. */
const FIELDS: readonly [name: string, one: unknown, other: unknown][] = [
  ['name', 'one', 'other'],
  ['description', 'one', ''],
  ['integrationId', 'registry-7', null],
  ['scheme', { type: 'token', header: 'X-Token' }, { type: 'slack', toleranceSeconds: 60 }],
  ['secretRef', 'env:HOOKYARD_SECRET_A', 'file:a'],
  ['registry', 'registry.example.com', null],
  ['timeZone', 'Europe/Berlin', null],
  ['filters', [{ field: '$.tag', operator: 'starts_with', value: 'v' }], []],
  ['mapping', { image: '$.image' }, { repository: '$.name', tag: '$.tag', id: '$.id' }],
  ['ipAllowList', ['10.0.0.0/8', '2001:db8::1'], []],
  ['maxBodyBytes', 1, 5_242_880],
  ['rateLimit', { count: 10, seconds: 60 }, null],
  ['retryPolicy', { maxRetries: 2, backoffType: 'exponential', backoffSeconds: 5 }, null],
  ['enabled', false, true],
];

describe('a field of a source', () => {
  for (const [name, one, other] of FIELDS) {
    test(`${name} is kept as it was set, changed, and shown`, async () => {
      const api = await openApi();
      const { path, data } = await made(api, { type: 'generic', [name]: one });
      assert.deepEqual(data[name], one);
      const changed = await api.call('PATCH', path, { [name]: other });
      assert.deepEqual([changed.status, changed.json.data?.[name]], [200, other], changed.text);
      assert.deepEqual((await api.call('GET', path)).json.data[name], other);
    });
  }

  test('that GET shows can be sent back as it is: nothing changes, and no version is made', async () => {
    const api = await openApi();
    const all = Object.fromEntries(FIELDS.map(([name, one]) => [name, one]));
    const { path } = await made(api, { type: 'generic', ...all });
    const shown = await api.call('GET', path);
    const again = await api.call('PATCH', path, shown.json.data);
    assert.deepEqual([again.status, again.json.data, again.headers.get('etag')], [200, shown.json.data, '"1"']);
    const renamed = await api.call('PATCH', path, { ...shown.json.data, name: 'renamed' });
    assert.deepEqual([renamed.status, renamed.json.data.name, renamed.json.data.version], [200, 'renamed', 2]);
  });

  test('that is read-only is refused with another value', async () => {
    const api = await openApi();
    const { path } = await made(api, { type: 'native' });
    for (const [name, value] of Object.entries({ pausedAt: 'now', hasSecret: false, warnings: ['x'], groups: [] })) {
      assert.deepEqual(pointers(await api.call('PATCH', path, { [name]: value })), [`/${name}`]);
    }
  });
});

const WRONG: readonly [fields: object, pointer: string][] = [
  [{ type: 'ci-pipeline' }, '/type'],
  [{ type: 'native', autoCreate: 'on' }, '/autoCreate'],
  [{ type: 'native', scheme: { type: 'github', header: 'X' } }, '/scheme/header'],
  [{ type: 'native', scheme: { type: 'slack', toleranceSeconds: '60' } }, '/scheme/toleranceSeconds'],
  [{ type: 'native', scheme: { type: 'hmac-sha256', covers: 'everything' } }, '/scheme/covers'],
  [{ type: 'native', scheme: { type: 'token', secret: 's' } }, '/scheme/secret'],
  [{ type: 'native', signatureAlgorithm: 'md5' }, '/signatureAlgorithm'],
  [{ type: 'native', secret: '' }, '/secret'],
  [{ type: 'native', secretRef: 'vault:x' }, '/secretRef'],
  [{ type: 'native', filters: [{ field: '$.tag', operator: 'like', value: 'v' }] }, '/filters/0/operator'],
  [{ type: 'native', filters: [{ field: '$..*[', operator: 'equals', value: 'v' }] }, '/filters/0/field'],
  [{ type: 'generic', mapping: { images: '$.x' } }, '/mapping/images'],
  [{ type: 'generic', mapping: { image: '' } }, '/mapping/image'],
  [{ type: 'native', ipAllowList: ['10.0.0.0/8', '10.0.0'] }, '/ipAllowList/1'],
  [{ type: 'native', ipAllowList: '10.0.0.0/8' }, '/ipAllowList'],
  [{ type: 'native', ipAllowList: Array.from({ length: 101 }, () => '10.0.0.0/8') }, '/ipAllowList'],
  [{ type: 'native', integrationId: 'x'.repeat(201) }, '/integrationId'],
  [{ type: 'native', integrationId: 7 }, '/integrationId'],
  [{ type: 'native', maxBodyBytes: 0 }, '/maxBodyBytes'],
  [{ type: 'native', maxBodyBytes: 5_242_881 }, '/maxBodyBytes'],
  [{ type: 'native', rateLimit: { count: 0, seconds: 1 } }, '/rateLimit/count'],
  [{ type: 'native', rateLimit: { count: 1 } }, '/rateLimit/seconds'],
  [{ type: 'native', retryPolicy: { maxRetries: -1 } }, '/retryPolicy/maxRetries'],
  [{ type: 'native', timeZone: 'Mars' }, '/timeZone'],
];
describe('what is wrong with a source is named by its place', () => {
  for (const [fields, pointer] of WRONG) {
    test(JSON.stringify(fields).slice(0, 100), async () => {
      const api = await openApi();
      const refused = await api.call('POST', BASE, fields);
      assert.deepEqual([refused.status, pointers(refused)], [400, [pointer]], refused.text);
      const { path } = await made(api, { type: 'generic' });
      const change = await api.call('PATCH', path, fields);
      assert.deepEqual([change.status, pointers(change)], [400, [pointer]], change.text);
      assert.equal((await api.call('GET', path)).headers.get('etag'), '"1"');
    });
  }
});

test('every type can be made with nothing but its name, and shows where it answers', async () => {
  const api = await openApi();
  for (const [type, { groups, defaultScheme }] of Object.entries(SOURCE_TYPES)) {
    const { id, data } = await made(api, { type });
    assert.deepEqual(data.groups, groups, type);
    if (defaultScheme.type === 'url') assert.deepEqual(Object.keys(data.urls), ['secret'], type);
    else assert.match(data.urls.typed, new RegExp(`^http://hookyard\\.test/api/v1/webhooks/[a-z]+/${id}$`), type);
  }
  const { id, data } = await made(api, { type: 'ghcr' });
  assert.deepEqual(data.urls, {
    typed: `http://hookyard.test/api/v1/webhooks/registry/${id}`,
    alternatives: [`http://hookyard.test/api/v1/webhooks/github/${id}`],
  });
});

test('a secret that was made is shown once, its URL to admins alone, and a secret that was given never', async () => {
  const api = await openApi();
  const native = await made(api, { type: 'native' });
  assert.match(native.data.secret, /^[\w-]{43}$/);
  const hub = await made(api, { type: 'dockerhub' });
  const given = await made(api, { type: 'native', secret: 'a secret of the caller' });
  for (const { path } of [native, hub, given]) {
    const shown = await api.call('GET', path, undefined, { key: api.keys.viewer });
    assert.equal(shown.json.data.secret, undefined);
    assert.equal(shown.json.data.urls.secret, undefined);
    assert.doesNotMatch(shown.text, /a secret of the caller/);
  }
  assert.match((await api.call('GET', hub.path)).json.data.urls.secret, /\/api\/webhook\/[0-9a-f-]{36}$/);
  assert.deepEqual([given.data.hasSecret, given.data.secret, hub.data.hasSecret], [true, undefined, false]);
});

test('a secret URL is shown once to the operator who makes it, with a source or by a change of its scheme', async () => {
  const api = await openApi();
  const as = { key: api.keys.operator };
  const hub = (await api.call('POST', '/api/v1/sources', { type: 'dockerhub' }, as)).json.data;
  assert.match(hub.urls.secret, /\/api\/webhook\/[0-9a-f-]{36}$/);
  const { path } = await made(api, { type: 'native' });
  const patch = (change: unknown) => api.call('PATCH', path, change, as);
  assert.match((await patch({ scheme: { type: 'url' } })).json.data.urls.secret, /\/api\/webhook\/[0-9a-f-]{36}$/);
  assert.deepEqual((await patch({ name: 'Other' })).json.data.urls, {});
});

test('a secret stored here and one that stands elsewhere take the place of each other', async () => {
  const api = await openApi();
  const { path } = await made(api, { type: 'native', secret: 'one' });
  const referred = await api.call('PATCH', path, { secretRef: 'file:a' });
  assert.deepEqual([referred.json.data.secretRef, referred.json.data.hasSecret], ['file:a', true]);
  const stored = await api.call('PATCH', path, { secret: 'a long enough secret' });
  assert.deepEqual([stored.json.data.secretRef, stored.json.data.hasSecret], [null, true]);
  const both = await api.call('PATCH', path, { secret: 'two', secretRef: 'file:a' });
  assert.deepEqual(pointers(both), ['/secretRef']);
  await api.call('PATCH', path, { secretRef: 'file:a' });
  const neither = await api.call('PATCH', path, { secretRef: null });
  assert.match(neither.json.data.secret, /^[\w-]{43}$/);
});

test('what is accepted and risky is warned of', async () => {
  const api = await openApi();
  assert.deepEqual((await made(api, { type: 'native' })).data.warnings, []);
  assert.match((await made(api, { type: 'native', scheme: { type: 'none' } })).data.warnings[0], /Anyone can post/);
  assert.match((await made(api, { type: 'native', secret: 'short' })).data.warnings[0], /16 bytes/);
});

test('a short secret behind a reference is warned of wherever its source is shown, and never itself', async (t) => {
  const api = await openApi();
  t.mock.method(api.ports.secretReferences, 'read', async () => ({ kind: 'value', value: 'hush-hush' }));
  const source = await made(api, { type: 'native', secretRef: 'env:HOOKYARD_SECRET_A' });
  const answers = [await api.call('GET', source.path), await api.call('PATCH', source.path, { description: 'x' })];
  for (const { warnings } of [source.data, ...answers.map(({ json }) => json.data)]) {
    assert.match(warnings.join(), /16 bytes/);
    assert.doesNotMatch(warnings.join(), /hush/);
  }
});

test('a reference that leads nowhere is warned of wherever its source is shown, and no longer once it leads somewhere', async () => {
  const api = await openApi();
  const { path, data } = await made(api, { type: 'native', secretRef: 'env:HOOKYARD_SECRET_A' });
  const warnings = [
    'The secret cannot be read from env:HOOKYARD_SECRET_A (nothing is there): requests are answered 503 until it can.',
  ];
  assert.deepEqual(data.warnings, warnings);
  const answers = [
    await api.call('GET', path),
    await api.call('PATCH', path, { description: 'x' }),
    await api.call('POST', `${path}/pause`),
  ];
  for (const { json } of answers) assert.deepEqual(json.data.warnings, warnings);
  assert.deepEqual((await api.call('GET', BASE)).json.data[0].warnings, warnings);
  api.ports.secretReferences.read = async () => ({ kind: 'value', value: 'a secret that stands elsewhere' });
  assert.deepEqual((await api.call('GET', path)).json.data.warnings, []);
  const sentBack = await api.call('PATCH', path, { ...answers[2]?.json.data, name: 'renamed' });
  assert.deepEqual([sentBack.status, sentBack.json.data?.warnings], [200, []], sentBack.text);
});

test('what refers to something that is no secret of its scheme is warned of too, without what stands there', async () => {
  const api = await openApi();
  api.ports.secretReferences.read = async () => ({ kind: 'value', value: 'no-user' });
  const { data } = await made(api, { type: 'native', scheme: { type: 'basic' }, secretRef: 'file:a' });
  assert.match(data.warnings[0], /from file:a \(With scheme "basic": `user:password`\)/);
  assert.doesNotMatch(JSON.stringify(data), /no-user/);
});

test('of another type than the mapping is for, a source says so', async () => {
  const api = await openApi();
  const { path } = await made(api, { type: 'generic', mapping: { image: '$.image' } });
  assert.deepEqual(pointers(await api.call('PATCH', path, { type: 'native' })), ['/mapping']);
  const changed = await api.call('PATCH', path, { type: 'native', mapping: null });
  assert.deepEqual([changed.json.data.type, changed.json.data.mapping], ['native', null]);
});
