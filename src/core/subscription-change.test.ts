import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { profiles } from './profile.ts';
import type { SubscriptionConfig } from './subscription.ts';
import { changedInput, retiringAfter } from './subscription-change.ts';
import { type Completed, completeSubscription, inputOf, type SubscriptionInput } from './subscription-input.ts';

const MADE = 'whsec_AAEC';

function complete(input: Partial<SubscriptionInput>): Completed {
  return completeSubscription({ url: 'https://api.example.com/hooks', ...input }, () => MADE);
}

function config(input: Partial<SubscriptionInput>): SubscriptionConfig {
  const done = complete(input);
  assert.ok(done.kind === 'config', JSON.stringify(done));
  return done.config;
}

/** The configuration after a change, or the pointers of what is wrong with it. */
function changed(before: Partial<SubscriptionInput>, patch: Partial<SubscriptionInput>): SubscriptionConfig {
  return config(changedInput(config(before), patch));
}

describe('a credential', () => {
  const ref = 'env:HOOKYARD_SECRET_A';

  test('that is stored now is referred to no more, and the other way round', () => {
    const stored = changed({ secretRef: ref }, { signatureSecret: 's' });
    assert.deepEqual([stored.secretRef, stored.signatureSecrets], [null, ['s']]);
    const referred = changed({ signatureSecret: 's' }, { secretRef: ref });
    assert.deepEqual([referred.secretRef, referred.signatureSecrets], [ref, []]);
    const token = changed({ authType: 'bearer', credentialRef: ref }, { bearerToken: 't' });
    assert.deepEqual([token.credentialRef, token.auth], [null, { type: 'bearer', token: 't' }]);
    const elsewhere = changed({ authType: 'bearer', bearerToken: 't' }, { credentialRef: ref });
    assert.deepEqual([elsewhere.credentialRef, elsewhere.auth], [ref, { type: 'bearer', token: '' }]);
  });

  test('keeps the name of its header or user when its value is referred to', () => {
    const header = changed({ authType: 'header', authHeader: { name: 'X-Key', value: 'v' } }, { credentialRef: ref });
    assert.deepEqual([header.credentialRef, header.auth], [ref, { type: 'header', name: 'X-Key', value: '' }]);
    const basic = changed({ authType: 'basic', basicUsername: 'u', basicPassword: 'p' }, { credentialRef: ref });
    assert.deepEqual(basic.auth, { type: 'basic', username: 'u', password: '' });
    const back = changed(
      { authType: 'header', authHeader: { name: 'x', value: 'v' } },
      { authHeader: { name: 'y', value: 'w' } },
    );
    assert.deepEqual(back.auth, { type: 'header', name: 'y', value: 'w' });
  });

  test('that is referred to no more and stored nowhere is made where it can be', () => {
    const { secretRef, signatureSecrets } = changed({ secretRef: ref }, { secretRef: null });
    assert.deepEqual([secretRef, signatureSecrets], [null, [MADE]]);
    const gone = complete(changedInput(config({ authType: 'bearer', credentialRef: ref }), { credentialRef: null }));
    assert.ok(gone.kind === 'invalid' && gone.errors[0]?.pointer === '/bearerToken');
  });

  test('of another way to authenticate does not linger, wherever it stands', () => {
    const signed = changed({ authType: 'bearer', credentialRef: ref }, { authType: 'signature' });
    assert.deepEqual([signed.credentialRef, signed.signatureSecrets], [null, [MADE]]);
    const bare = changed({ secretRef: ref }, { authType: 'none' });
    assert.deepEqual([bare.secretRef, bare.auth], [null, { type: 'none' }]);
  });
});

describe('the name of a credential header', () => {
  test('changes without its value', () => {
    const before = { authType: 'header', authHeader: { name: 'X-Key', value: 'v' } } as const;
    assert.deepEqual(changed(before, { authHeader: { name: 'X-Token' } }).auth, {
      type: 'header',
      name: 'X-Token',
      value: 'v',
    });
  });
});

describe('a retry policy', () => {
  const OWN = { maxRetries: 5, backoffType: 'fixed', backoffSeconds: 30, jitter: 0.1, retryOn: ['5xx'] } as const;
  const retryAfter = (before: Partial<SubscriptionInput>, retryPolicy: SubscriptionInput['retryPolicy']) =>
    changed(before, { retryPolicy }).retry;

  test('changes in the fields that are named, and keeps the others', () => {
    const before = config({ retryPolicy: { ...OWN, maxAgeSeconds: 900 } }).retry;
    const after = retryAfter({ retryPolicy: { ...OWN, maxAgeSeconds: 900 } }, { jitter: 0.5 });
    assert.deepEqual(after, { ...before, jitter: 0.5 });
    assert.equal(retryAfter({ profile: 'standard' }, { maxRetries: 3 }).jitter, profiles.standard.retry.jitter);
  });

  test('has its maximum age counted anew, unless somebody has set it', () => {
    const counted = config({ retryPolicy: { ...OWN, maxRetries: 50 } }).retry.maxAgeSeconds;
    assert.equal(retryAfter({ retryPolicy: OWN }, { maxRetries: 50 }).maxAgeSeconds, counted);
    assert.equal(retryAfter({ retryPolicy: { ...OWN, maxAgeSeconds: 900 } }, { maxRetries: 50 }).maxAgeSeconds, 900);
  });

  test('that is sent back whole has set no maximum age by that', () => {
    const before = config({ profile: 'stella' });
    const { retryPolicy } = inputOf(before);
    const counted = config({ retryPolicy: { maxRetries: 50 } }).retry.maxAgeSeconds;
    const after = (patch: Partial<SubscriptionInput>) => config(changedInput(before, patch)).retry.maxAgeSeconds;
    assert.equal(after({ retryPolicy: { ...retryPolicy, maxRetries: 50 } }), counted);
    assert.ok(
      after({ profile: 'standard', retryPolicy: { ...retryPolicy, maxRetries: 50 } }) > before.retry.maxAgeSeconds,
    );
    assert.equal(after({ retryPolicy: { ...retryPolicy, maxRetries: 50, maxAgeSeconds: 900 } }), 900);
  });

  test('counts its maximum age with the timeout of now, and stays that of its profile', () => {
    const hasty = changed({}, { timeout: 50 });
    assert.deepEqual(hasty.retry, config({ timeout: 50 }).retry);
    assert.equal(hasty.retry.maxAgeSeconds, 3600 + 70 + 1);
    const standard = config(changedInput(hasty, { profile: 'standard' }));
    assert.deepEqual([standard.retry, standard.timeoutMs], [config({ profile: 'standard', timeout: 50 }).retry, 50]);
    assert.equal(changed({ retryPolicy: { maxAgeSeconds: 900 } }, { timeout: 50 }).retry.maxAgeSeconds, 900);
  });

  test('of another type gives up the waits of the old one, and keeps them where they still apply', () => {
    const schedule = retryAfter({ retryPolicy: OWN }, { scheduleSeconds: [1, 2] });
    assert.deepEqual([schedule.backoffType, schedule.scheduleSeconds, schedule.maxRetries], ['schedule', [1, 2], 5]);
    const back = retryAfter({ profile: 'standard' }, { backoffSeconds: 7 });
    assert.deepEqual([back.backoffType, back.backoffSeconds, back.scheduleSeconds], ['exponential', 7, []]);
    const linear = retryAfter({ retryPolicy: OWN }, { backoffType: 'linear' });
    assert.deepEqual([linear.backoffType, linear.backoffSeconds], ['linear', 30]);
    const named = retryAfter({ retryPolicy: OWN }, { backoffType: 'schedule', scheduleSeconds: [9] });
    assert.deepEqual([named.backoffType, named.scheduleSeconds], ['schedule', [9]]);
    const fixed = retryAfter({ profile: 'standard' }, { backoffType: 'fixed' });
    assert.deepEqual([fixed.backoffType, fixed.scheduleSeconds], ['fixed', []]);
    const missing = complete(changedInput(config({ retryPolicy: OWN }), { retryPolicy: { backoffType: 'schedule' } }));
    assert.ok(missing.kind === 'invalid' && missing.errors[0]?.pointer === '/retryPolicy/scheduleSeconds');
  });

  test('goes back to its defaults with null, a field or all of it', () => {
    assert.deepEqual(retryAfter({ retryPolicy: OWN }, null), config({}).retry);
    const { maxRetries, jitter } = retryAfter({ retryPolicy: OWN }, { maxRetries: null });
    assert.deepEqual([maxRetries, jitter], [profiles.stella.retry.maxRetries, 0.1]);
    const type = retryAfter({ retryPolicy: OWN, profile: 'standard' }, { backoffType: null });
    assert.deepEqual(type.scheduleSeconds, profiles.standard.retry.scheduleSeconds);
    assert.deepEqual(config({ retryPolicy: { jitter: null, scheduleSeconds: null } }).retry, config({}).retry);
  });
});

describe('another profile', () => {
  test('brings its own policy, timeout and envelope where the old ones came from the old profile', () => {
    const { profile, retry, timeoutMs, envelope, auth } = changed({}, { profile: 'foreman' });
    assert.deepEqual([profile, timeoutMs, envelope, auth.type], ['foreman', 10_000, 'none', 'none']);
    assert.deepEqual({ ...retry, ...profiles.foreman.retry }, retry);
    const back = config(changedInput(changed({}, { profile: 'foreman' }), { profile: 'stella' }));
    assert.deepEqual(back, config({}));
  });

  test('leaves what somebody has set', () => {
    const retryPolicy = { maxRetries: 1, backoffType: 'fixed', backoffSeconds: 3 } as const;
    const { retry, timeoutMs } = changed({ retryPolicy, timeout: 500 }, { profile: 'forge' });
    assert.deepEqual([retry.maxRetries, retry.backoffSeconds, timeoutMs], [1, 3, 500]);
    assert.equal(changed({ envelope: 'none' }, { profile: 'standard' }).envelope, 'none');
  });

  test('refuses what it does not do, at its place', () => {
    const refused = (before: Partial<SubscriptionInput>, patch: Partial<SubscriptionInput>) => {
      const done = complete(changedInput(config(before), patch));
      return done.kind === 'invalid' ? done.errors.map(({ pointer }) => pointer) : [];
    };
    assert.deepEqual(refused({ contentType: 'form' }, { profile: 'foreman' }), ['/contentType']);
    assert.deepEqual(refused({ autoDisableThreshold: 3 }, { profile: 'instanode' }), ['/autoDisableThreshold']);
    assert.deepEqual(refused({}, { profile: 'forge', envelope: 'full' }), ['/envelope']);
    assert.deepEqual(refused({ headers: { 'X-Forge-Event': 'x' } }, { profile: 'forge' }), ['/headers/X-Forge-Event']);
  });
});

describe('an owner', () => {
  test('is changed by path, by kind, by id, or taken away', () => {
    const before = { ownerKind: 'org', ownerId: 7 } as const;
    assert.equal(changed(before, { owner: 'org:8/repo:1' }).owner, 'org:8/repo:1');
    assert.equal(changed(before, { ownerKind: 'repo' }).owner, 'repo:7');
    assert.equal(changed(before, { ownerId: 'acme' }).owner, 'org:acme');
    assert.equal(changed({ owner: 'team:1/x:2' }, { ownerKind: 'repo', ownerId: 9 }).owner, 'repo:9');
    assert.equal(changed(before, { ownerKind: null, ownerId: null }).owner, null);
    assert.equal(changed(before, { owner: null }).owner, null);
    assert.equal(changed(before, { name: 'n' }).owner, 'org:7');
  });
});

describe('the secrets of a rotation', () => {
  const retiringSecrets = [{ secret: 'old', untilMs: 100 }];
  const before = { ...config({ signatureSecret: 'new' }), retiringSecrets };
  const after = (patch: Partial<SubscriptionInput>, nowMs = 99) =>
    retiringAfter(before, config(changedInput(before, patch)), patch, nowMs);

  test('go on when something else changes', () => {
    assert.deepEqual(after({ name: 'x' }), retiringSecrets);
  });

  test('end when somebody sets the one in use again, and one that has ended makes no change of that', () => {
    assert.deepEqual(after({ signatureSecret: 'new' }), []);
    assert.deepEqual(after({ signatureSecret: 'new' }, 100), retiringSecrets);
  });

  test('end when somebody sets another one, or does not sign any more', () => {
    for (const patch of [{ signatureSecret: 'newer' }, { authType: 'none' }, { secretRef: 'file:a' }] as const) {
      assert.deepEqual(after(patch), []);
    }
  });
});
