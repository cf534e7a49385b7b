import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rotated } from './rotation.ts';
import type { SubscriptionConfig } from './subscription.ts';
import { completeSubscription, type SubscriptionInput } from './subscription-input.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3600;
const HOUR_MS = 3_600_000;
const at = (nowMs: number, graceSeconds = HOUR) => ({ nowMs, graceSeconds });

function configured(changes: Partial<SubscriptionInput> = {}): SubscriptionConfig {
  const input = { name: 'n', url: 'https://example.com', authType: 'signature' as const, signatureSecret: 'one' };
  const completed = completeSubscription({ ...input, ...changes }, () => 'whsec_AAEC');
  assert.ok(completed.kind === 'config', JSON.stringify(completed));
  return completed.config;
}

function secretsAfter(config: SubscriptionConfig, secret: string, when: ReturnType<typeof at>): SubscriptionConfig {
  const rotation = rotated(config, secret, when);
  assert.ok(rotation.kind === 'rotated', JSON.stringify(rotation));
  return rotation.config;
}

describe('a rotation', () => {
  test('has the new secret sign and the old one beside it until the grace ends, and changes nothing else', () => {
    const before = configured();
    const { signatureSecrets, retiringSecrets, ...same } = secretsAfter(before, 'two', at(NOW));
    assert.deepEqual([signatureSecrets, retiringSecrets], [['two'], [{ secret: 'one', untilMs: NOW + HOUR_MS }]]);
    assert.deepEqual({ ...before, ...same }, before);
  });

  test('without a grace leaves nothing but the new one, also of what an earlier rotation left', () => {
    const between = secretsAfter(configured(), 'two', at(NOW));
    const { signatureSecrets, retiringSecrets } = secretsAfter(between, 'three', at(NOW + 1, 0));
    assert.deepEqual([signatureSecrets, retiringSecrets], [['three'], []]);
  });

  test('leaves those of earlier ones their time, newest first, and drops those whose time is over', () => {
    const first = secretsAfter(configured({ profile: 'standard' }), 'two', at(NOW));
    const second = secretsAfter(first, 'three', at(NOW + 1000));
    assert.deepEqual(second.retiringSecrets, [
      { secret: 'two', untilMs: NOW + 1000 + HOUR_MS },
      { secret: 'one', untilMs: NOW + HOUR_MS },
    ]);
    const third = secretsAfter(second, 'four', at(NOW + HOUR_MS));
    assert.deepEqual(
      third.retiringSecrets.map(({ secret }) => secret),
      ['three', 'two'],
    );
  });

  test('to the secret in use without a grace ends the old ones alone, and with one is none', () => {
    const between = secretsAfter(configured(), 'two', at(NOW));
    const { signatureSecrets, retiringSecrets } = secretsAfter(between, 'two', at(NOW + 1, 0));
    assert.deepEqual([signatureSecrets, retiringSecrets], [['two'], []]);
    const refused = rotated(between, 'two', at(NOW + 1, 1));
    assert.match(refused.kind === 'invalid' ? refused.message : '', /`graceSeconds` 0 that ends the old ones/);
  });

  test('back to a secret that was on its way out has it sign once', () => {
    const between = secretsAfter(configured({ profile: 'standard' }), 'two', at(NOW));
    const { signatureSecrets, retiringSecrets } = secretsAfter(between, 'one', at(NOW + 1));
    assert.deepEqual([signatureSecrets, retiringSecrets.map(({ secret }) => secret)], [['one'], ['two']]);
  });
});

describe('a rotation is refused', () => {
  const rows: readonly [why: string, changes: Partial<SubscriptionInput>, detail: RegExp][] = [
    ['where nothing is signed', { authType: 'none', signatureSecret: undefined }, /`authType` is none; set `authType`/],
    [
      'where a token is sent instead',
      { authType: 'bearer', bearerToken: 't', signatureSecret: undefined },
      /`authType` is bearer/,
    ],
    [
      'where the secret stands elsewhere',
      { signatureSecret: undefined, secretRef: 'env:HOOKYARD_SECRET_A' },
      /`secretRef`.*change it where it stands/,
    ],
  ];
  for (const [why, changes, detail] of rows) {
    test(why, () => {
      const refusal = rotated(configured(changes), 'two', at(NOW));
      assert.match(refusal.kind === 'refused' ? refusal.detail : '', detail);
    });
  }

  for (const [profile, most, words] of [
    ['stella', 1, 'At most one old secret signs beside the new one'],
    ['forge', 1, 'At most one old secret signs beside the new one'],
    ['standard', 4, 'At most 4 old secrets sign beside the new one'],
  ] as const) {
    test(`under ${profile} while ${most} old ones sign, naming when the first of them ends`, () => {
      let config = configured({ profile });
      for (let made = 0; made < most; made++) config = secretsAfter(config, `next ${made}`, at(NOW + made));
      const refusal = rotated(config, 'one more', at(NOW + 5));
      const firstEnd = new Date(NOW + HOUR_MS).toISOString();
      assert.ok(refusal.kind === 'refused' && refusal.detail.includes(firstEnd), JSON.stringify(refusal));
      assert.ok(refusal.detail.startsWith(`${words}: `), refusal.detail);
      assert.equal(rotated(config, 'one more', at(NOW + HOUR_MS)).kind, 'rotated');
      assert.equal(rotated(config, 'one more', at(NOW + 5, 0)).kind, 'rotated');
      assert.ok(refusal.detail.includes('rotate to the secret in use with `graceSeconds` 0'), refusal.detail);
      const alone = secretsAfter(config, config.signatureSecrets[0] ?? '', at(NOW + 5, 0));
      assert.equal(rotated(alone, 'one more', at(NOW + 6)).kind, 'rotated');
    });
  }

  test('to the secret in use, and to an empty key', () => {
    for (const secret of ['one', 'whsec_']) {
      assert.equal(rotated(configured(), secret, at(NOW)).kind, 'invalid', secret);
    }
  });

  test('to what stands for a secret, and under standard to what nobody can load', () => {
    assert.equal(rotated(configured(), '[redacted]', at(NOW)).kind, 'invalid');
    assert.equal(rotated(configured({ profile: 'standard' }), 'whsec_!!!', at(NOW)).kind, 'invalid');
    assert.equal(rotated(configured(), 'whsec_!!!', at(NOW)).kind, 'rotated');
  });
});
