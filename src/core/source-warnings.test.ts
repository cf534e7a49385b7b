import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeSource, type SourceInput } from './source-input.ts';
import { sourceWarnings } from './source-warnings.ts';

const LONG = 'a-secret-that-is-long-enough';

function warned(input: SourceInput, secretFault: string | null = null): string[] {
  const completed = completeSource(input, { secret: () => LONG, urlKey: () => '' });
  assert.ok(completed.kind === 'config');
  return sourceWarnings(completed.config, secretFault);
}

test('a sender that does not say which registry it is needs one named, for charts at least', () => {
  for (const [type, words] of [
    ['nexus', /^Nexus does not say which registry an image is in.*`registry`\.$/],
    ['acr', /a chart is in/],
    ['zot', /^Older versions/],
  ] as const) {
    const [warning = '', ...more] = warned({ type });
    assert.match(warning, words);
    assert.deepEqual([more, warned({ type, registry: 'registry.example.com' })], [[], []]);
  }
});

test('nothing is said of those that say it', () => {
  for (const type of ['harbor', 'github', 'dockerhub', 'native', 'distribution'])
    assert.deepEqual(warned({ type }), []);
});

test('a secret that cannot be read comes first, with its place and why', () => {
  const secretRef = 'env:HOOKYARD_SECRET_A';
  const warnings = warned({ type: 'nexus', secretRef }, 'it is empty');
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /^The secret cannot be read from env:HOOKYARD_SECRET_A \(it is empty\): /);
});
