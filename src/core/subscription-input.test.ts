import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PROFILE_NAMES, profiles } from './profile.ts';
import { MAX_AGE_SECONDS } from './retry.ts';
import type { SubscriptionConfig } from './subscription.ts';
import {
  type Completed,
  completeSubscription,
  inputOf,
  type SubscriptionInput,
  shownInput,
} from './subscription-input.ts';

const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODw==';
const needed: SubscriptionInput = { name: 'Deployments', url: 'https://api.example.com/hooks' };

function completed(changes: Partial<SubscriptionInput> = {}): Completed {
  return completeSubscription({ ...needed, ...changes }, () => SECRET);
}

function config(changes: Partial<SubscriptionInput> = {}): SubscriptionConfig {
  const done = completed(changes);
  assert.ok(done.kind === 'config', JSON.stringify(done));
  return done.config;
}

const seconds = fc.integer({ min: 0, max: 2_592_000 });
const word = fc.stringMatching(/^[a-z]{1,6}$/);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const delays: fc.Arbitrary<SubscriptionInput['retryPolicy']> = fc.oneof(
  fc.record({ backoffSeconds: maybe(seconds) }),
  fc.record({ backoffType: fc.constantFrom('exponential', 'linear', 'fixed'), backoffSeconds: maybe(seconds) }),
  fc.record({
    backoffType: maybe(fc.constant('schedule' as const)),
    scheduleSeconds: fc.array(seconds, { minLength: 1, maxLength: 3 }),
  }),
);
const limits: fc.Arbitrary<SubscriptionInput['retryPolicy']> = fc.record({
  maxRetries: maybe(fc.integer({ min: 0, max: 100 })),
  maxAgeSeconds: maybe(fc.integer({ min: 1, max: MAX_AGE_SECONDS })),
  jitter: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
  retryOn: maybe(fc.oneof(fc.constant('all' as const), fc.subarray(['network', '5xx', '429', '3xx'] as const))),
});
const retryPolicy = fc.tuple(delays, limits).map(([waits, others]) => ({ ...waits, ...others }));
const REFERENCE = fc.constantFrom('env:HOOKYARD_SECRET_A', 'file:chat.key');
const identity: fc.Arbitrary<Partial<SubscriptionInput>> = fc.oneof(
  fc.constant({}),
  fc.record({ authType: fc.constant('none' as const) }),
  fc.record({ authType: maybe(fc.constant('signature' as const)), signatureSecret: maybe(word) }),
  fc.record({ authType: fc.constant('basic' as const), basicUsername: word, basicPassword: fc.string() }),
  fc.record({ authType: fc.constant('bearer' as const), bearerToken: word }),
  fc.record({
    authType: fc.constant('header' as const),
    authHeader: fc.record({ name: word.map((name) => `x-own-${name}`), value: word }),
  }),
  fc.record({ secretRef: REFERENCE }),
  fc.record({ authType: fc.constantFrom('basic', 'bearer'), credentialRef: REFERENCE }),
  fc.record({ authType: fc.constant('basic' as const), basicUsername: word, credentialRef: REFERENCE }),
  fc.record({
    authType: fc.constant('header' as const),
    authHeader: fc.record({ name: word.map((name) => `x-own-${name}`) }),
    credentialRef: REFERENCE,
  }),
);
const rest: fc.Arbitrary<Partial<SubscriptionInput>> = fc.record({
  description: maybe(fc.string()),
  metadata: maybe(fc.dictionary(word, fc.string())),
  method: maybe(fc.constantFrom('POST', 'PUT')),
  headers: maybe(
    fc.dictionary(
      word.map((name) => `x-${name}`),
      word,
    ),
  ),
  events: maybe(fc.array(word)),
  filters: maybe(fc.constant([{ field: 'data.environment.name', operator: 'equals' as const, value: 'production' }])),
  retryPolicy: maybe(retryPolicy),
  timeout: maybe(fc.integer({ min: 1, max: 60_000 })),
  owner: maybe(fc.constantFrom(null, 'org:7')),
  maxConcurrency: maybe(fc.integer({ min: 1, max: 1000 })),
  rateLimit: maybe(fc.constantFrom(null, { count: 5, seconds: 60 })),
  ordered: maybe(fc.boolean()),
  sslVerification: maybe(fc.boolean()),
  customCa: maybe(fc.constantFrom(null, '-----BEGIN CERTIFICATE-----')),
});
const dialect: fc.Arbitrary<Partial<SubscriptionInput>> = fc.oneof(
  fc.record({
    profile: maybe(fc.constantFrom('standard', 'stella')),
    envelope: maybe(fc.constantFrom('full', 'none')),
    autoDisableThreshold: maybe(fc.constantFrom(null, 1, 50)),
    contentType: maybe(fc.constantFrom('json', 'form')),
  }),
  fc.record({
    profile: fc.constantFrom('instanode', 'foreman'),
    envelope: maybe(fc.constant('none' as const)),
    autoDisableThreshold: maybe(fc.constant(null)),
    contentType: maybe(fc.constant('json' as const)),
  }),
  fc.record({ profile: maybe(fc.constant('forge')), ownerKind: fc.constantFrom('repo', 'org'), ownerId: fc.nat() }),
);

describe('a subscription read and written back', () => {
  test('is the same to the last field, whatever it was made of', () => {
    fc.assert(
      fc.property(identity, dialect, rest, (who, how, others) => {
        const made = config({ ...others, owner: how.ownerKind === undefined ? others.owner : null, ...how, ...who });
        const back = completeSubscription(inputOf(made), () => assert.fail('a secret stays'));
        assert.deepEqual(back, { kind: 'config', config: made, generatedSecret: null });
      }),
      { numRuns: 300 },
    );
  });

  test('shows no credential', () => {
    const canary = 'c4n4ry';
    const secrets: Partial<SubscriptionInput>[] = [
      { signatureSecret: canary },
      { authType: 'basic', basicUsername: canary, basicPassword: canary },
      { authType: 'bearer', bearerToken: canary },
      { authType: 'header', authHeader: { name: 'x-key', value: canary } },
      { profile: 'forge', signatureSecret: canary },
    ];
    for (const one of secrets) assert.ok(!JSON.stringify(shownInput(config(one))).includes(canary));
  });
});

describe("seed 001's own request body", () => {
  const seed: SubscriptionInput = {
    name: 'Deployment Notifications',
    url: 'https://api.example.com/webhooks/stella',
    method: 'POST',
    authType: 'signature',
    signatureSecret: 'my-secret-key',
    events: ['deployment.started', 'deployment.completed', 'deployment.failed'],
    filters: [{ field: 'data.environment.name', operator: 'equals', value: 'production' }],
    retryPolicy: { maxRetries: 3, backoffType: 'exponential', backoffSeconds: 10 },
    timeout: 30_000,
  };

  test('is a stella subscription with its own policy, exact and without jitter', () => {
    const { profile, retry, timeoutMs, signatureSecrets, auth } = config(seed);
    assert.equal(profile, 'stella');
    assert.deepEqual(signatureSecrets, ['my-secret-key']);
    assert.deepEqual(auth, { type: 'signature' });
    assert.equal(timeoutMs, 30_000);
    const own = { maxRetries: 3, backoffType: 'exponential', backoffSeconds: 10, jitter: 0, maxAgeSeconds: 3790 };
    assert.deepEqual({ ...retry, ...own }, retry);
  });
});

describe("a hook of seed 004's", () => {
  const hook: SubscriptionInput = {
    ownerKind: 'repo',
    ownerId: 42,
    url: 'https://ci.example.com:8443/hooks?x=1',
    contentType: 'form',
    events: ['push', 'ping'],
    signatureSecret: 's3cret',
    sslVerification: false,
    autoDisableThreshold: 10,
  };

  test('has no name, is owned by kind and id, and is spoken to as forge', () => {
    const done = completeSubscription(hook, () => SECRET);
    assert.ok(done.kind === 'config', JSON.stringify(done));
    const { name, owner, profile, contentType, envelope, sslVerification, autoDisableThreshold } = done.config;
    assert.deepEqual([name, owner, profile, envelope], ['ci.example.com:8443', 'repo:42', 'forge', 'none']);
    assert.deepEqual([contentType, sslVerification, autoDisableThreshold], ['form', false, 10]);
    const shown = shownInput(done.config);
    assert.deepEqual([shown.owner, shown.ownerKind, shown.ownerId], ['repo:42', 'repo', 42]);
  });

  test('gets a secret where it names none, because each of them has one', () => {
    const done = completeSubscription({ ...hook, signatureSecret: undefined }, () => SECRET);
    assert.ok(done.kind === 'config' && done.generatedSecret === SECRET);
  });

  test('may have another profile, and another subscription may have its', () => {
    assert.equal(config({ ownerKind: 'org', ownerId: '7', profile: 'standard' }).profile, 'standard');
    assert.equal(config({ profile: 'forge' }).owner, null);
    assert.equal(config({ owner: 'org:7' }).profile, 'stella');
    assert.equal(config({ ownerKind: null, ownerId: null }).profile, 'stella');
  });
});

describe('what is left out', () => {
  test('comes from the profile', () => {
    const standard = config({ profile: 'standard' });
    assert.deepEqual(standard.retry, { ...profiles.standard.retry, maxAgeSeconds: 330_276 });
    assert.deepEqual([standard.timeoutMs, standard.auth.type], [15_000, 'signature']);
    const stella = config();
    assert.deepEqual(stella.retry, { ...profiles.stella.retry, maxAgeSeconds: 3790 });
    assert.deepEqual([stella.timeoutMs, stella.auth.type, stella.maxConcurrency], [30_000, 'none', 8]);
    for (const profile of PROFILE_NAMES) {
      const made = config({ profile });
      const { retry, timeoutMs, defaultAuth, envelope } = profiles[profile];
      assert.deepEqual({ ...made.retry, ...retry }, made.retry);
      assert.deepEqual([made.timeoutMs, made.auth.type], [timeoutMs, defaultAuth]);
      assert.equal(made.envelope, envelope === null ? 'none' : 'full');
    }
  });

  test('is verification, and JSON', () => {
    const { contentType, sslVerification, customCa, credentialRef, secretRef } = config();
    assert.deepEqual(
      [contentType, sslVerification, customCa, credentialRef, secretRef],
      ['json', true, null, null, null],
    );
  });

  test('is no secret where one is referred to', () => {
    const made = completed({ secretRef: 'env:HOOKYARD_SECRET_A' });
    assert.ok(made.kind === 'config');
    assert.deepEqual([made.generatedSecret, made.config.signatureSecrets], [null, []]);
    assert.deepEqual(made.config.auth, { type: 'signature' });
  });

  test('is no limit of the rate, no order and no threshold of its own', () => {
    const { rateLimit, ordered, autoDisableThreshold } = config();
    assert.deepEqual([rateLimit, ordered, autoDisableThreshold], [null, false, null]);
  });

  test('of a policy of its own is jitter', () => {
    assert.equal(config({ profile: 'standard', retryPolicy: { maxRetries: 2 } }).retry.jitter, 0);
    assert.equal(config({ profile: 'standard', retryPolicy: { maxRetries: 2, jitter: 0.5 } }).retry.jitter, 0.5);
    assert.equal(config({ profile: 'standard', retryPolicy: {} }).retry.jitter, 0.2);
  });

  test('is a secret where signatures are wanted, shown once', () => {
    const made = completed({ authType: 'signature' });
    assert.ok(made.kind === 'config');
    assert.equal(made.generatedSecret, SECRET);
    assert.deepEqual(made.config.signatureSecrets, [SECRET]);
  });

  test('is the type of backoff where the fields given name it', () => {
    assert.equal(config({ retryPolicy: { scheduleSeconds: [1, 2] } }).retry.backoffType, 'schedule');
    assert.equal(config({ profile: 'standard', retryPolicy: { backoffSeconds: 2 } }).retry.backoffType, 'exponential');
    assert.equal(config({ profile: 'standard', retryPolicy: { maxRetries: 2 } }).retry.backoffType, 'schedule');
  });

  test('of the maximum age is never more than the longest one', () => {
    const slow = { maxRetries: 100, backoffType: 'fixed', backoffSeconds: 2_592_000 } as const;
    assert.equal(config({ retryPolicy: slow }).retry.maxAgeSeconds, MAX_AGE_SECONDS);
  });
});
