import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readerInput, SAMPLES, sample } from '../../test/support/samples.ts';
import type { Fact } from './fact.ts';
import { pathOf } from './pointer.ts';
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
  /** A member called `length` may have had its parent changed into a list. */
  if (Array.isArray(parent) && last === 'length') return;
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

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** What must hold of a fact of each family, whatever the payload was. */
function assertSoundFact(fact: Fact): void {
  if ('digest' in fact) {
    assert.ok(fact.kind === 'image.delete' || fact.tag !== null || fact.digest !== null);
    assert.ok(fact.digest === null || DIGEST.test(fact.digest));
    assert.equal(fact.repository, fact.repository.toLowerCase());
  }
  if ('tag' in fact) assert.ok(fact.tag === null || (fact.tag !== '' && !fact.tag.includes(':')));
  /** What was deployed is named as it was asked for: by branch, tag or commit. */
  if ('ref' in fact && fact.kind !== 'deployment.status') assert.ok(fact.ref === null || fact.ref.startsWith('refs/'));
  if ('sha' in fact) assert.ok(fact.sha === null || COMMIT.test(fact.sha));
  if ('number' in fact) assert.ok(Number.isSafeInteger(fact.number));
  if (fact.kind !== 'ping') assert.equal(fact.timeMs === null, fact.timeSource === 'received');
  assert.notEqual(fact.repository, '');
}

/** A pointer finds something in the payload, or in the headers after `header:`. */
function assertPoints(body: unknown, headers: Readonly<Record<string, string>>, pointer: string): void {
  if (pointer.startsWith('header:')) {
    assert.ok(Object.hasOwn(headers, pointer.slice('header:'.length)), pointer);
    return;
  }
  assert.notEqual(at(body, pathOf(pointer)), undefined, pointer);
}

function assertSound(type: SourceType, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const reading: Reading = readers[type](readerInput(body, { headers }));
  if (reading.kind === 'facts') assert.ok(reading.facts.length > 0);
  if (!('facts' in reading)) return;
  for (const { fact, provenance } of reading.facts) {
    assertSoundFact(fact);
    for (const pointer of Object.values(provenance)) assertPoints(body, headers, pointer);
  }
}

for (const { file, type, headers } of SAMPLES) {
  const places = paths(sample(file)).filter((path) => path.length > 0);

  test(`the sample ${file} is read`, () => {
    const { kind } = readers[type](readerInput(sample(file), headers && { headers }));
    assert.ok(kind === 'facts' || kind === 'handshake', kind);
  });

  test(`${file} with any one value missing or hostile gives a sound reading`, () => {
    for (const path of places) {
      const without = sample(file);
      changed(without, path, (parent, key) => Reflect.deleteProperty(parent, key));
      assertSound(type, without, headers);
      for (const value of HOSTILE) {
        const body = sample(file);
        changed(body, path, (parent, key) => Reflect.set(parent, key, value));
        assertSound(type, body, headers);
      }
    }
  });

  test(`${file} with several values changed at once gives a sound reading`, () => {
    const change = fc.tuple(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const body = sample(file);
        for (const [path, value] of changes) changed(body, path, (parent, key) => Reflect.set(parent, key, value));
        assertSound(type, body, headers);
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
