/** The fields of a subscription that say how its requests travel and whose it is: taken, shown, sent back, refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Got, openApi, type TestApi } from '../../../test/support/api.ts';
import { testOnlyAuthority, testOnlyKey } from '../../../test/support/certificates.ts';

const BASE = '/api/v1/webhook-subscriptions';
const URL = 'https://ci.example.com/hooks';
const REFERENCE = 'env:HOOKYARD_SECRET_CHAT';

/** The columns of seed 004's table, in the words of the API. */
const hook = {
  ownerKind: 'repo',
  ownerId: 42,
  url: URL,
  contentType: 'form',
  events: ['push', 'ping'],
  signatureSecret: 's3cret',
  enabled: true,
  sslVerification: true,
  autoDisableThreshold: 50,
};

function create(api: TestApi, body: Record<string, unknown>): Promise<Got> {
  return api.call('POST', BASE, body);
}

async function made(api: TestApi, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const got = await create(api, { url: URL, ...body });
  assert.equal(got.status, 201, got.text);
  return got.json.data;
}

function pointers({ json }: Got): string[] {
  return (json.errors ?? []).map(({ pointer }: { pointer: string }) => pointer).sort();
}

describe("seed 004's request", () => {
  test('is accepted as it stands and shown without its secret', async () => {
    const api = await openApi();
    const got = await create(api, hook);
    assert.equal(got.status, 201, got.text);
    const { signatureSecret, ...shown } = hook;
    assert.deepEqual({ ...got.json.data, ...shown }, got.json.data);
    const { name, owner, profile, envelope, hasSignatureSecret, state } = got.json.data;
    assert.deepEqual(
      [name, owner, profile, envelope, hasSignatureSecret, state],
      ['ci.example.com', 'repo:42', 'forge', 'none', true, 'active'],
    );
    assert.doesNotMatch(got.text, new RegExp(signatureSecret));
    const listed = await api.call('GET', `${BASE}?owner=repo:42`);
    assert.equal(listed.json.data.length, 1);
  });

  test('without a secret is answered with one, once', async () => {
    const api = await openApi();
    const { signatureSecret: _secret, ...bare } = hook;
    const first = await create(api, bare);
    assert.match(first.json.data.signatureSecret, /^whsec_/);
    const again = await api.call('GET', `${BASE}/${first.json.data.id}`);
    assert.ok(!('signatureSecret' in again.json.data));
  });
});

test('a reference that cannot be read is warned of, wherever the subscription is shown', async () => {
  const api = await openApi();
  const { id, warnings } = await made(api, { authType: 'bearer', credentialRef: REFERENCE });
  assert.match(
    String(warnings),
    new RegExp(`deliveries wait.*${REFERENCE} cannot be read.*below \`--secrets\`.*restart`),
  );
  const got = await api.call('GET', `${BASE}/${id}`);
  assert.deepEqual(got.json.data.warnings, warnings);
  assert.deepEqual((await api.call('GET', BASE)).json.data[0].warnings, warnings);
  const paused = await api.call('PATCH', `${BASE}/${id}`, { ...got.json.data, warnings: [], name: 'n' });
  assert.deepEqual([paused.status, paused.json.data.warnings], [200, warnings], 'they move without a change');
});

test('a secret that Standard Webhooks cannot load is warned of where another header is signed too', async () => {
  const api = await openApi();
  const { warnings } = await made(api, { signatureSecret: 'whsec_!!!' });
  assert.match(String(warnings), /webhook-\* cannot be verified/);
  assert.deepEqual((await made(api, { signatureSecret: 'whsec_AAEC' })).warnings, []);
  assert.deepEqual((await made(api, { profile: 'forge', signatureSecret: 'whsec_!!!' })).warnings, []);
});

test('a certificate authority that has no effect is warned of', async () => {
  const api = await openApi();
  const { warnings } = await made(api, { sslVerification: false, customCa: testOnlyAuthority });
  assert.match(String(warnings), /customCa has no effect/);
});

test('read-only fields of a new subscription are told from those that nobody knows', async () => {
  const api = await openApi();
  const got = await create(api, { url: URL, createdAt: 'x', consecutiveFailures: 0, colour: 'red' });
  const told = got.json.errors.map(({ pointer, message }: Record<string, string>) => [pointer, message]);
  assert.deepEqual(told.sort(), [
    ['/colour', 'Unknown field.'],
    ['/consecutiveFailures', 'Read-only: leave it out.'],
    ['/createdAt', 'Read-only: leave it out.'],
  ]);
});

test('every field is shown as it was set, sent back without effect, and changed by itself', async () => {
  const api = await openApi();
  const rows: readonly (readonly [field: string, first: unknown, second: unknown])[] = [
    ['name', 'one', 'two'],
    ['url', URL, `${URL}/2`],
    ['description', 'd', ''],
    ['metadata', { team: 'a' }, {}],
    ['method', 'PUT', 'POST'],
    ['headers', { Accept: 'a/b' }, { 'Content-Type': 'application/vnd.x+json' }],
    ['authType', 'none', 'signature'],
    ['events', ['push'], ['push', 'deploy.*']],
    ['filters', [{ field: 'data.a', operator: 'exists', value: true }], []],
    ['timeout', 1, 60_000],
    ['owner', 'org:7/repo:42', null],
    ['profile', 'standard', 'forge'],
    ['envelope', 'none', 'full'],
    ['contentType', 'form', 'json'],
    ['sslVerification', false, true],
    ['customCa', testOnlyAuthority, null],
    ['maxConcurrency', 1, 1000],
    ['rateLimit', { count: 1, seconds: 1 }, null],
    ['ordered', true, false],
    ['autoDisableThreshold', 1, null],
    ['enabled', false, true],
    ['retryPolicy', { maxRetries: 0, backoffType: 'fixed', backoffSeconds: 0 }, { maxRetries: 100, jitter: 1 }],
  ];
  for (const [field, first, second] of rows) {
    const { id } = await made(api, { authType: 'none', [field]: first });
    const path = `${BASE}/${id}`;
    const shown = (await api.call('GET', path)).json.data;
    assert.deepEqual({ ...shown, [field]: including(shown[field], first) }, shown, field);
    const same = await api.call('PATCH', path, shown, { headers: { 'If-Match': '"1"' } });
    assert.deepEqual([same.status, same.headers.get('etag'), same.json.data], [200, '"1"', shown], field);
    const got = await api.call('PATCH', path, { ...shown, [field]: second }, { headers: { 'If-Match': '"1"' } });
    assert.deepEqual([got.status, got.headers.get('etag')], [200, '"2"'], `${field}: ${got.text}`);
    assert.deepEqual(got.json.data[field], including(got.json.data[field], second), field);
  }
});

/** `part` with the members it leaves out, where it is an object. */
function including(whole: unknown, part: unknown): unknown {
  const isObject = typeof part === 'object' && part !== null && !Array.isArray(part);
  return isObject && Object.keys(part).length > 0 ? { ...(whole as object), ...part } : part;
}

test('kind and id of an owner are shown, sent back and changed', async () => {
  const api = await openApi();
  const path = `${BASE}/${(await made(api, { ownerKind: 'org', ownerId: 'acme' })).id}`;
  const shown = (await api.call('GET', path)).json.data;
  assert.deepEqual([shown.owner, shown.ownerKind, shown.ownerId], ['org:acme', 'org', 'acme']);
  const got = await api.call('PATCH', path, { ...shown, ownerId: 7 });
  assert.deepEqual([got.json.data.owner, got.json.data.ownerId, got.json.data.profile], ['org:7', 7, 'forge']);
  const elsewhere = await api.call('PATCH', path, { ...got.json.data, owner: 'org:7/repo:1' });
  assert.deepEqual([elsewhere.json.data.ownerKind, elsewhere.json.data.ownerId], [null, null]);
});

test('a reference to a secret is shown, and what it refers to is not asked for', async () => {
  const api = await openApi();
  const signed = await made(api, { secretRef: REFERENCE });
  assert.deepEqual([signed.authType, signed.secretRef, signed.hasSignatureSecret], ['signature', REFERENCE, true]);
  assert.ok(!('signatureSecret' in signed));
  const basic = await made(api, { authType: 'basic', credentialRef: 'file:chat/password' });
  assert.deepEqual([basic.authType, basic.credentialRef], ['basic', 'file:chat/password']);
  const path = `${BASE}/${signed.id}`;
  const stored = await api.call('PATCH', path, { signatureSecret: 'now-here' });
  assert.deepEqual([stored.status, stored.json.data.secretRef, stored.json.data.hasSignatureSecret], [200, null, true]);
});

test('a receiver that is not verified is warned of, where it is shown and in the log', async () => {
  const api = await openApi();
  const told = () => api.logged.filter(({ event }) => event === 'subscription.tls_unverified');
  const safe = await made(api, { customCa: testOnlyAuthority });
  assert.deepEqual([safe.warnings, told().length], [[], 0]);
  const risky = await made(api, { sslVerification: false, customCa: testOnlyAuthority });
  assert.match(String((risky.warnings as string[])[0]), /certificate of this receiver is not verified/);
  assert.match(String((risky.warnings as string[])[1]), /customCa has no effect/);
  assert.deepEqual(
    told().map(({ level, fields }) => [level, fields]),
    [['warn', { subscriptionId: risky.id, host: 'ci.example.com' }]],
  );
  const off = await api.call('PATCH', `${BASE}/${safe.id}`, { sslVerification: false });
  assert.deepEqual([off.json.data.warnings.length, told().length], [2, 2]);
  const on = await api.call('PATCH', `${BASE}/${safe.id}`, { ...off.json.data, sslVerification: true });
  assert.deepEqual([on.json.data.warnings, told().length], [[], 2]);
});

describe('a limit', () => {
  const refused: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ url: '' }, '/url'],
    [{ url: 'https://ci.example.com/\ud83d' }, '/url'],
    [{ url: `https://ci.example.com/${'a'.repeat(2049 - 23)}` }, '/url'],
    [{ name: '' }, '/name'],
    [{ name: 'n'.repeat(201) }, '/name'],
    [{ events: ['a'.repeat(65)] }, '/events/0'],
    [{ events: [''] }, '/events/0'],
    [{ retryPolicy: { maxRetries: -1 } }, '/retryPolicy/maxRetries'],
    [{ retryPolicy: { maxRetries: 1.5 } }, '/retryPolicy/maxRetries'],
    [{ autoDisableThreshold: 0 }, '/autoDisableThreshold'],
    [{ timeout: 0 }, '/timeout'],
    [{ timeout: 60_001 }, '/timeout'],
    [{ ownerKind: 'team', ownerId: 1 }, '/ownerKind'],
    [{ ownerKind: 'repo', ownerId: -1 }, '/ownerId'],
    [{ ownerKind: 'repo', ownerId: true }, '/ownerId'],
    [{ ownerKind: 'repo' }, '/ownerId'],
    [{ ownerKind: 'repo', ownerId: 1, owner: 'repo:1' }, '/owner'],
    [{ contentType: 'xml' }, '/contentType'],
    [{ profile: 'github' }, '/profile'],
    [{ profile: 'foreman', contentType: 'form' }, '/contentType'],
    [{ profile: 'instanode', envelope: 'full' }, '/envelope'],
    [{ sslVerification: 'no' }, '/sslVerification'],
    [{ customCa: 'MIIB' }, '/customCa'],
    [{ customCa: testOnlyAuthority + testOnlyKey }, '/customCa'],
    [{ customCa: testOnlyAuthority.repeat(120) }, '/customCa'],
    [{ secretRef: 'vault:secret/chat' }, '/secretRef'],
    [{ secretRef: 'env:HOOKYARD_API_KEY' }, '/secretRef'],
    [{ secretRef: REFERENCE, signatureSecret: 's' }, '/secretRef'],
    [{ authType: 'bearer', credentialRef: 'file:../../etc/passwd' }, '/credentialRef'],
    [{ authType: 'bearer', credentialRef: REFERENCE, bearerToken: 't' }, '/bearerToken'],
  ];
  for (const [changes, pointer] of refused) {
    test(`is named where it is passed: ${JSON.stringify(changes).slice(0, 70)}`, async () => {
      const got = await create(await openApi(), { url: URL, ...changes });
      assert.deepEqual([got.status, pointers(got)], [400, [pointer]], got.text);
    });
  }

  test('is taken up to itself', async () => {
    const api = await openApi();
    await made(api, { url: `https://ci.example.com/${'a'.repeat(2048 - 23)}` });
    await made(api, { events: ['a'.repeat(64)], autoDisableThreshold: 1, retryPolicy: { maxRetries: 0 } });
  });
});

test('a member named __proto__ in a change is an unknown field, of a subscription as of a source', async () => {
  const api = await openApi();
  const subscription = await made(api, {});
  const source = await api.call('POST', '/api/v1/sources', { type: 'generic' });
  for (const path of [`${BASE}/${subscription.id}`, `/api/v1/sources/${source.json.data.id}`]) {
    const headers = { 'Content-Type': 'application/json' };
    const got = await api.call('PATCH', path, '{"__proto__":{"name":"two"},"name":"three"}', { headers });
    assert.deepEqual(got.json.errors, [{ pointer: '/__proto__', message: 'Unknown field.' }], got.text);
    assert.notEqual((await api.call('GET', path)).json.data.name, 'three');
  }
});
