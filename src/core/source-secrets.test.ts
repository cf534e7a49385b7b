import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SourceConfig } from './source.ts';
import { completeSource, type SourceInput } from './source-input.ts';
import { keptSecrets, liveSecrets, oldSecretsEndMs, rotatedSource } from './source-secrets.ts';

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const at = (nowMs: number, graceSeconds = 3600) => ({ nowMs, graceSeconds });

function configured(input: Partial<SourceInput> = {}): SourceConfig {
  const whole = { type: 'native', secret: 'one', ...input };
  const completed = completeSource(whole, { secret: () => 'made', urlKey: () => 'key' });
  assert.ok(completed.kind === 'config', JSON.stringify(completed));
  return completed.config;
}

function after(config: SourceConfig, secret: string, when: ReturnType<typeof at>): SourceConfig {
  const rotation = rotatedSource(config, secret, when);
  assert.ok(rotation.kind === 'rotated', JSON.stringify(rotation));
  return rotation.config;
}

describe('a rotation of a source', () => {
  test('has the old secret prove senders beside the new one until the grace ends, and changes nothing else', () => {
    const before = configured();
    const rotated = after(before, 'two', at(NOW));
    assert.deepEqual(liveSecrets(rotated, NOW + HOUR_MS - 1), ['two', 'one']);
    assert.deepEqual(liveSecrets(rotated, NOW + HOUR_MS), ['two']);
    const { secrets: _new, retiringSecrets: _old, ...same } = rotated;
    assert.deepEqual({ ...before, ...same }, before);
  });

  test('without a grace ends those of earlier rotations too', () => {
    const between = after(configured(), 'two', at(NOW));
    assert.deepEqual(liveSecrets(after(between, 'three', at(NOW + 1, 0)), NOW + 1), ['three']);
  });

  test('to the secret in use without a grace ends the old ones alone, keeps two of them, and with one is none', () => {
    let config = configured();
    for (const secret of ['two', 'three', 'four']) config = after(config, secret, at(NOW));
    const alone = after(config, 'four', at(NOW + 1, 0));
    assert.deepEqual(liveSecrets(alone, NOW + 1), ['four']);
    assert.deepEqual(
      alone.retiringSecrets.map(({ secret }) => secret),
      ['three', 'two'],
    );
    assert.equal(oldSecretsEndMs(alone), null);
    const refused = rotatedSource(config, 'four', at(NOW + 1));
    assert.match(refused.kind === 'invalid' ? refused.message : '', /`graceSeconds` 0 that ends the old ones/);
  });

  test('keeps the newest that have ended, which prove nobody at any time', () => {
    let config = configured();
    for (const secret of ['two', 'three', 'four']) config = after(config, secret, at(NOW, 0));
    assert.deepEqual(
      config.retiringSecrets.map(({ secret }) => secret),
      ['three', 'two'],
    );
    assert.deepEqual(liveSecrets(config, 0), ['four']);
    assert.equal(oldSecretsEndMs(config), null);
    const graced = after(config, 'five', at(NOW));
    assert.equal(oldSecretsEndMs(graced), NOW + HOUR_MS);
    assert.deepEqual(
      keptSecrets(graced.retiringSecrets, NOW + HOUR_MS).map(({ secret }) => secret),
      ['four', 'three'],
    );
  });

  test('back to an old secret has it once', () => {
    const between = after(configured(), 'two', at(NOW));
    assert.deepEqual(liveSecrets(after(between, 'one', at(NOW + 1)), NOW + 2), ['one', 'two']);
  });

  test('is refused while four old ones go on, and says when the first of them ends', () => {
    let config = configured();
    for (let made = 0; made < 4; made++) config = after(config, `next ${made}`, at(NOW + made));
    const refusal = rotatedSource(config, 'one more', at(NOW + 5));
    const firstEnd = new Date(NOW + HOUR_MS).toISOString();
    assert.ok(refusal.kind === 'refused' && refusal.detail.includes(firstEnd), JSON.stringify(refusal));
    assert.equal(rotatedSource(config, 'one more', at(NOW + HOUR_MS)).kind, 'rotated');
    assert.equal(rotatedSource(config, 'one more', at(NOW + 5, 0)).kind, 'rotated');
    assert.ok(refusal.detail.includes('rotate to the secret in use with `graceSeconds` 0'), refusal.detail);
  });

  const refused: readonly [Partial<SourceInput>, RegExp][] = [
    [{ scheme: { type: 'url' }, secret: undefined }, /regenerate its URL/],
    [{ scheme: { type: 'none' }, secret: undefined }, /choose another scheme/],
    [{ secretRef: 'env:HOOKYARD_SECRET_A', secret: undefined }, /change it where it stands/],
  ];
  for (const [input, detail] of refused) {
    test(`is refused where there is nothing to rotate: ${JSON.stringify(input)}`, () => {
      const refusal = rotatedSource(configured(input), 'two', at(NOW));
      assert.match(refusal.kind === 'refused' ? refusal.detail : '', detail);
    });
  }

  test('to what cannot be a secret, or is the one in use, is invalid', () => {
    for (const secret of ['one', '  ', 'whsec_'])
      assert.equal(rotatedSource(configured(), secret, at(NOW)).kind, 'invalid');
    const basic = configured({ scheme: { type: 'basic' }, secret: 'ada:one' });
    assert.equal(rotatedSource(basic, 'no user', at(NOW)).kind, 'invalid');
    assert.equal(rotatedSource(basic, 'ada:two', at(NOW)).kind, 'rotated');
    // What a request proves itself by may be set: a password begins with any character.
    assert.equal(rotatedSource(basic, 'ada:\ntwo', at(NOW)).kind, 'rotated');
  });
});
