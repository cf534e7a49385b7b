import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readerInput, SAMPLES, sample } from '../../test/support/samples.ts';
import { at } from './reader/fields.ts';
import { type Reading, readers } from './reader.ts';
import { isSourceType, SOURCE_TYPES, type SourceType } from './source.ts';

const TYPES = Object.keys(SOURCE_TYPES).filter(isSourceType);
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Every member and item of a payload, as paths. */
function paths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const steps = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [path, ...[...steps].flatMap((step) => paths(at(value, [step]), [...path, step]))];
}

function changed(body: unknown, path: readonly (string | number)[], change: (parent: object, key: string) => void) {
  const last = path.at(-1);
  const parent = at(body, path.slice(0, -1));
  if (last === undefined || typeof parent !== 'object' || parent === null) return;
  change(parent, String(last));
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { resources: value, tag: value };
  return value;
}

const HOSTILE: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  '\u0000',
  '\ud800',
  'x'.repeat(1_000_000),
  ':'.repeat(1_000_000),
  'a/'.repeat(500_000),
  [],
  [[]],
  {},
  nested(5_000),
  JSON.parse('{"__proto__": {"tag": "v1"}, "constructor": {"prototype": {}}}'),
];

function assertSound(type: SourceType, body: unknown): void {
  const reading: Reading = readers[type](readerInput(body));
  if (reading.kind !== 'facts') return;
  assert.ok(reading.facts.length > 0);
  for (const { fact, provenance } of reading.facts) {
    assert.ok(fact.kind !== 'ping');
    assert.ok(fact.tag !== null || fact.digest !== null);
    assert.ok(fact.tag === null || (fact.tag !== '' && !fact.tag.includes(':')));
    assert.ok(fact.digest === null || DIGEST.test(fact.digest));
    assert.equal(fact.repository, fact.repository.toLowerCase());
    for (const pointer of Object.values(provenance)) assert.notEqual(at(body, pointer.split('/').slice(1)), undefined);
  }
}

for (const { file, type } of SAMPLES) {
  const places = paths(sample(file)).filter((path) => path.length > 0);

  test(`the sample ${file} is read`, () => {
    assert.equal(readers[type](readerInput(sample(file))).kind, 'facts');
  });

  test(`${file} with any one value missing or hostile gives a sound reading`, () => {
    for (const path of places) {
      const without = sample(file);
      changed(without, path, (parent, key) => Reflect.deleteProperty(parent, key));
      assertSound(type, without);
      for (const value of HOSTILE) {
        const body = sample(file);
        changed(body, path, (parent, key) => Reflect.set(parent, key, value));
        assertSound(type, body);
      }
    }
  });

  test(`${file} with several values changed at once gives a sound reading`, () => {
    const change = fc.tuple(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const body = sample(file);
        for (const [path, value] of changes) changed(body, path, (parent, key) => Reflect.set(parent, key, value));
        assertSound(type, body);
      }),
      { numRuns: 200 },
    );
  });
}

test('no JSON at all makes any reader throw, and every reader survives the samples of the others', () => {
  for (const type of TYPES) {
    for (const value of [...HOSTILE, ...SAMPLES.map(({ file }) => sample(file))]) assertSound(type, value);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => assertSound(type, value)),
      { numRuns: 100 },
    );
  }
});
