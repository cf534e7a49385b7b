import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endedOldUrls, regeneratedUrl, uuidV4 } from './secret-url.ts';
import type { SourceConfig } from './source.ts';
import { completeSource } from './source-input.ts';

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const at = (nowMs: number, graceSeconds = 3600) => ({ nowMs, graceSeconds });

function configured(type = 'dockerhub'): SourceConfig {
  const completed = completeSource({ type }, { secret: () => 'made', urlKey: () => 'first' });
  assert.ok(completed.kind === 'config', JSON.stringify(completed));
  return completed.config;
}

function after(config: SourceConfig, key: string, when: ReturnType<typeof at>): SourceConfig {
  const regenerated = regeneratedUrl(config, key, when);
  assert.ok(regenerated.kind === 'regenerated', JSON.stringify(regenerated));
  return regenerated.config;
}

test('a new URL leaves the old one its grace, earlier ones the time they have, and forgets those that ended', () => {
  const second = after(configured(), 'second', at(NOW));
  const third = after(second, 'third', at(NOW + 1000));
  assert.deepEqual(third.retiringUrlKeys, [
    { key: 'second', untilMs: NOW + 1000 + HOUR_MS },
    { key: 'first', untilMs: NOW + HOUR_MS },
  ]);
  const fourth = after(third, 'fourth', at(NOW + HOUR_MS));
  assert.deepEqual(
    fourth.retiringUrlKeys.map(({ key }) => key),
    ['third', 'second'],
  );
  assert.deepEqual(after(fourth, 'fifth', at(NOW + HOUR_MS, 0)).retiringUrlKeys, []);
});

test('four old URLs are the most, and the refusal says when the first of them ends', () => {
  let config = configured();
  for (let made = 0; made < 4; made++) config = after(config, `next ${made}`, at(NOW + made));
  const refusal = regeneratedUrl(config, 'one more', at(NOW + 5));
  assert.ok(refusal.kind === 'refused' && refusal.detail.includes(new Date(NOW + HOUR_MS).toISOString()));
  assert.match(refusal.detail, /or end them now with `keepCurrent`\.$/);
  assert.equal(regeneratedUrl(config, 'one more', at(NOW + 5, 0)).kind, 'regenerated');
});

test('old URLs end before their time while the one in use stays', () => {
  const second = after(configured(), 'second', at(NOW));
  const ended = endedOldUrls(second);
  assert.deepEqual(ended, { kind: 'regenerated', config: { ...second, retiringUrlKeys: [] } });
});

test('a source without a secret URL gets none', () => {
  assert.equal(endedOldUrls(configured('harbor')).kind, 'refused');
  assert.equal(regeneratedUrl(configured('harbor'), 'key', at(NOW)).kind, 'refused');
});

test('a key is a UUID v4 whatever the dice say, and other dice make another one', () => {
  const dice = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(dice, (bytes) => {
      const before = [...bytes];
      assert.match(uuidV4(bytes), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.deepEqual([...bytes], before);
    }),
    { numRuns: 100 },
  );
  assert.notEqual(uuidV4(new Uint8Array(16)), uuidV4(new Uint8Array(16).fill(1)));
});
