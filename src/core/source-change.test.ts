import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SourceConfig } from './source.ts';
import { changedSource } from './source-change.ts';
import { completeSource, type SourceInput, type SourceMaker } from './source-input.ts';

const maker: SourceMaker = { secret: () => 'made-anew-and-long-enough', urlKey: () => 'key' };

function stored(input: SourceInput, over: Partial<SourceConfig>): SourceConfig {
  const completed = completeSource(input, maker);
  assert.ok(completed.kind === 'config', JSON.stringify(completed));
  return { ...completed.config, ...over };
}

function change(config: SourceConfig, patch: Partial<SourceInput>) {
  return changedSource(config, patch, { maker, mostBodyBytes: Infinity, nowMs: 0 });
}

/** Sources stored before a rule, and a patch that touches what the rule is about. */
const NATIVE: SourceInput = { type: 'native', secret: 'mine' };
const older: readonly [string, SourceConfig, Partial<SourceInput>, string][] = [
  [
    'a registry that no image names',
    stored(NATIVE, { registry: 'no_host:0', timeZone: 'Europe/Berlin' }),
    { registry: 'no_host:0' },
    '/registry',
  ],
  [
    'a filter on what no fact has',
    stored(NATIVE, { filters: [{ field: '$.nothing', operator: 'equals', value: 'x' }] }),
    { filters: [{ field: '$.nothing', operator: 'equals', value: 'x' }] },
    '/filters/0/field',
  ],
  [
    'an address that is none',
    stored(NATIVE, { ipAllowList: ['10.0.0.0/99'] }),
    { ipAllowList: ['10.0.0.0/99'] },
    '/ipAllowList/0',
  ],
  [
    'a secret that no sender could use',
    stored({ type: 'native', scheme: { type: 'standard-webhooks' } }, { secrets: ['whsec_'] }),
    { secret: 'whsec_' },
    '/secret',
  ],
  [
    'a header that frames messages',
    stored(NATIVE, {
      scheme: { ...stored(NATIVE, {}).scheme, type: 'hmac', header: 'Content-Length' } as SourceConfig['scheme'],
    }),
    { scheme: { type: 'hmac-sha256', header: 'Content-Length' } },
    '/scheme/header',
  ],
];

describe('a source that was stored before a rule that it breaks', () => {
  for (const [name, config, touching, pointer] of older) {
    test(`can be changed in something else, and stays what it is: ${name}`, () => {
      const after = change(config, { name: 'other' });
      assert.deepEqual(after, { kind: 'config', config: { ...config, name: 'other' }, generatedSecret: null });
    });

    test(`is refused a change that touches it: ${name}`, () => {
      const after = change(config, touching);
      assert.deepEqual(after.kind === 'invalid' && after.errors.map((error) => error.pointer), [pointer]);
    });
  }

  test('is refused what would break a rule anew', () => {
    const [, config] = older[0] ?? assert.fail();
    const after = change(config, { timeZone: 'Mars/Olympus' });
    assert.deepEqual(after.kind === 'invalid' && after.errors.map((error) => error.pointer), ['/timeZone']);
  });
});
