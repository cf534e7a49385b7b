/** What a client may do with every field of a subscription: read it, send it back, and change it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Got, openApi, type TestApi } from '../../../test/support/api.ts';
import { testOnlyAuthority } from '../../../test/support/certificates.ts';
import { PROFILE_NAMES } from '../../core/profile.ts';
import { subscriptionInput, subscriptionPatch } from '../schemas/subscription.ts';
import type { z } from '../schemas/zod.ts';

const BASE = '/api/v1/webhook-subscriptions';
const REQUIRED = { name: 'n', url: 'https://api.example.com/hooks' };
const BASIC = { authType: 'basic', basicUsername: 'ada', basicPassword: 'one' };
const BEARER = { authType: 'bearer', bearerToken: 'one' };
const HEADER = { authType: 'header', authHeader: { name: 'X-Key', value: 'one' } };
const SIGNED = { authType: 'signature', signatureSecret: 'one' };
const OF_A_REPOSITORY = { ownerKind: 'repo', ownerId: 42, signatureSecret: 'one' };

type Field = keyof z.input<typeof subscriptionInput>;

interface Row {
  /** What the subscription has before. */
  before?: object;
  value: unknown;
  /** Other shown fields that change with it. */
  moves?: readonly string[];
  /** It is never shown. */
  secret?: true;
  /** What is shown of it, where that is not all. */
  shown?: unknown;
}

/** A change of every field. */
const CHANGES: Readonly<Record<Field, Row>> = {
  name: { value: 'another' },
  url: { value: 'https://hooks.example.com/other' },
  description: { value: 'What it is for' },
  metadata: { value: { team: 'release' } },
  method: { value: 'PUT' },
  headers: { value: { Accept: '*/*' } },
  authType: { before: SIGNED, value: 'none', moves: ['hasSignatureSecret', 'signatureSecretFingerprint'] },
  basicUsername: { before: BASIC, value: 'bob' },
  basicPassword: { before: BASIC, value: 'two', secret: true },
  bearerToken: { before: BEARER, value: 'two', secret: true },
  authHeader: { before: HEADER, value: { name: 'X-Token', value: 'two' }, shown: { name: 'X-Token' } },
  credentialRef: { before: BEARER, value: 'env:HOOKYARD_SECRET_TOKEN', moves: ['warnings'] },
  signatureSecret: { before: SIGNED, value: 'two', moves: ['signatureSecretFingerprint'], secret: true },
  secretRef: {
    before: SIGNED,
    value: 'env:HOOKYARD_SECRET_SIGNING',
    moves: ['signatureSecretFingerprint', 'warnings'],
  },
  events: { value: ['deployment.*', 'release.created'] },
  filters: { value: [{ field: 'data.environment.name', operator: 'in', value: ['production', null, 7, true] }] },
  retryPolicy: {
    value: {
      maxRetries: 5,
      backoffType: 'schedule',
      scheduleSeconds: [5, 60],
      maxAgeSeconds: 86_400,
      jitter: 0.1,
      retryOn: ['network', '429'],
    },
  },
  // Its maximum age is counted with it.
  timeout: { value: 1234, moves: ['retryPolicy'] },
  owner: { value: 'org:7/repo:42' },
  ownerKind: { before: OF_A_REPOSITORY, value: 'org', moves: ['owner'] },
  ownerId: { before: OF_A_REPOSITORY, value: 43, moves: ['owner'] },
  profile: { value: 'standard', moves: ['timeout', 'retryPolicy'] },
  envelope: { value: 'none' },
  contentType: { value: 'form' },
  sslVerification: { value: false, moves: ['warnings'] },
  customCa: { value: testOnlyAuthority },
  maxConcurrency: { value: 3 },
  rateLimit: { value: { count: 5, seconds: 60 } },
  ordered: { value: true },
  autoDisableThreshold: { value: 7 },
  enabled: { value: false, moves: ['state', 'disabledAt', 'disabledReason', 'circuit'] },
};

type Shown = Readonly<Record<string, unknown>>;

async function created(before: object = {}, on?: TestApi): Promise<{ api: TestApi; path: string; shown: Shown }> {
  const api = on ?? (await openApi());
  const made = await api.call('POST', BASE, { ...REQUIRED, ...before });
  assert.equal(made.status, 201, made.text);
  api.advance(1000);
  const path = `${BASE}/${made.json.data.id}`;
  return { api, path, shown: (await api.call('GET', path)).json.data };
}

/** The names of what differs. */
function differing(before: Shown, after: Shown): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}

function pointers({ json }: Got): string[] {
  return (json.errors ?? []).map(({ pointer }: { pointer: string }) => pointer).sort();
}

const based = (version: number) => ({ headers: { 'If-Match': `"${version}"` } });
const MOVED_BY_EVERY_CHANGE = ['updatedAt', 'version'];

describe('a field of a subscription', () => {
  test('has its change in the table, as every other one has', () => {
    assert.deepEqual(Object.keys(CHANGES).sort(), Object.keys(subscriptionInput.shape).sort());
    assert.deepEqual(Object.keys(subscriptionPatch.shape).sort(), Object.keys(subscriptionInput.shape).sort());
  });

  for (const [name, { before, value, moves = [], secret, shown: part = value }] of Object.entries(CHANGES)) {
    test(`${name}: sent back as shown it changes nothing; changed, it alone changes`, async () => {
      const { api, path, shown } = await created(before);
      const same = await api.call('PATCH', path, shown, based(1));
      assert.deepEqual([same.status, same.headers.get('etag'), same.json.data], [200, '"1"', shown], same.text);
      const changed = await api.call('PATCH', path, { ...shown, [name]: value }, based(1));
      assert.deepEqual([changed.status, changed.headers.get('etag')], [200, '"2"'], changed.text);
      const own = secret === undefined ? [name] : [];
      assert.deepEqual(differing(shown, changed.json.data), [...own, ...moves, ...MOVED_BY_EVERY_CHANGE].sort());
      assert.deepEqual(changed.json.data[name], secret === undefined ? part : undefined);
      const again = await api.call('PATCH', path, changed.json.data, based(2));
      assert.deepEqual([again.status, again.headers.get('etag'), again.json.data], [200, '"2"', changed.json.data]);
      const late = await api.call('PATCH', path, { [name]: value }, based(1));
      assert.deepEqual([late.status, late.json.code], [412, 'precondition_failed']);
    });

    test(`${name}: changes alone as it does among all that is shown`, async () => {
      const { api, path } = await created(before);
      const whole = await created(before, api);
      const alone = await api.call('PATCH', path, { [name]: value });
      const among = await api.call('PATCH', whole.path, { ...whole.shown, [name]: value });
      assert.equal(alone.status, 200, alone.text);
      assert.deepEqual(differing(alone.json.data, among.json.data), ['createdAt', 'id']);
      assert.deepEqual(pointers(await api.call('PATCH', path, { [`${name}s`]: value })), [`/${name}s`]);
    });
  }
});

describe('a whole subscription', () => {
  const KINDS: readonly [which: string, fields: object][] = [
    ...PROFILE_NAMES.map((profile): [string, object] => [`of profile ${profile}`, { profile }]),
    ['of an organisation', { ownerKind: 'org', ownerId: 7 }],
    ['with a credential from elsewhere', { authType: 'bearer', credentialRef: 'env:HOOKYARD_SECRET_TOKEN' }],
    ['with a secret from elsewhere', { authType: 'signature', secretRef: 'file:signing' }],
    ['with headers', { headers: { 'X-Secret': 'canary', Accept: '*/*' } }],
    ['that is off', { enabled: false }],
  ];
  for (const [which, fields] of KINDS) {
    test(`${which} comes back as it was shown`, async () => {
      const { api, path, shown } = await created(fields);
      const same = await api.call('PATCH', path, shown, based(1));
      assert.deepEqual([same.status, same.headers.get('etag'), same.json.data], [200, '"1"', shown], same.text);
    });
  }

  test('keeps the value of a header that is not shown, in whatever case its name comes back', async () => {
    const { api, path } = await created({ headers: { 'x-secret': 'canary-header' } });
    const headers = { 'X-Secret': '[redacted]', Accept: '*/*' };
    const changed = await api.call('PATCH', path, { headers });
    assert.deepEqual([changed.status, changed.json.data.headers], [200, headers], changed.text);
    await api.call('POST', `${path}/test`, { event: 'ping' });
    assert.equal(api.sent[0]?.headers['x-secret'], 'canary-header');
    const other = await api.call('PATCH', path, { headers: { 'X-Other': '[redacted]' } });
    assert.deepEqual(pointers(other), ['/headers/X-Other']);
  });

  test('has read-only fields, which only come back as they are', async () => {
    const { api, path, shown } = await created();
    const writable: readonly string[] = Object.keys(subscriptionInput.shape);
    const moving = [
      ...['consecutiveFailures', 'lastDelivery', 'lastStatus', 'lastSuccessAt', 'lastFailureAt', 'warnings'],
      ...['circuit', 'signatureSecretFingerprint'],
    ];
    const fixed = Object.keys(shown).filter((name) => !writable.includes(name) && !moving.includes(name));
    for (const name of ['tenantId', 'createdAt', 'updatedAt', 'createdBy']) assert.ok(fixed.includes(name), name);
    for (const name of fixed) {
      const got = await api.call('PATCH', path, { [name]: 'another' });
      assert.deepEqual([got.status, pointers(got)], [400, [`/${name}`]], name);
    }
    for (const name of moving) assert.equal((await api.call('PATCH', path, { [name]: null })).status, 200, name);
    assert.equal((await api.call('GET', path)).headers.get('etag'), '"1"');
  });

  test('is deleted at the version that was read, and not at an older one', async () => {
    const { api, path } = await created();
    await api.call('PATCH', path, { name: 'other' });
    const late = await api.call('DELETE', path, undefined, based(1));
    assert.deepEqual([late.status, late.json.code], [412, 'precondition_failed']);
    for (const wrong of ['W/"2"', '"3"', '"two"']) {
      assert.equal((await api.call('DELETE', path, undefined, { headers: { 'If-Match': wrong } })).status, 412, wrong);
    }
    const gone = await api.call('DELETE', path, undefined, based(2));
    assert.deepEqual([gone.status, gone.text], [204, '']);
    assert.equal((await api.call('GET', path)).status, 404);
  });
});
