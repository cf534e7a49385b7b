/** The whole grammar of image references (OCI distribution specification and what `docker pull` makes of it), generated. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type ImageRef, MAX_REF_LENGTH, parseImageRef } from './image-ref.ts';

const LOWER = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const HEX = [...'0123456789abcdef'];

const word = textOf(LOWER, 1, 8);
const label = fc
  .tuple(word, fc.option(word, { nil: '' }))
  .map(([first, second]) => (second === '' ? first : `${first}-${second}`));
const separator = fc.constantFrom('.', '_', '__', '-', '--', '---');

/** One part of a path: words with single separators between them. */
const component = fc
  .tuple(word, fc.array(fc.tuple(separator, word), { maxLength: 2 }))
  .map(([first, rest]) => first + rest.flat().join(''));

const dotted = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
const ipv6 = fc.ipV6().map((address) => `[${address.toLowerCase()}]`);

/** Hosts that show themselves to be one, and names that only a port makes one. */
const plainHost = fc.oneof(dotted, fc.constant('localhost'), fc.ipV4(), ipv6);
const port = fc.integer({ min: 1, max: 65_535 }).map((number) => `:${number}`);
const host = fc.oneof(
  fc.tuple(plainHost, fc.option(port, { nil: '' })).map((parts) => parts.join('')),
  fc.tuple(label, port).map((parts) => parts.join('')),
);

/** A first part that no host can be, as it is in a reference that names no host. */
const firstOfPath = component.filter((part) => !part.includes('.') && part !== 'localhost');
const owner = fc.array(component, { maxLength: 3 });
const tag = fc
  .tuple(textOf([...LOWER, ...'ABCXYZ_'], 1, 1), textOf([...LOWER, ...'ABCXYZ_.-'], 0, 127))
  .map((parts) => parts.join(''));
const digest = textOf(HEX, 64, 64).map((hex) => `sha256:${hex}`);
const suffix = fc.record({ tag: fc.option(tag), digest: fc.option(digest) });

function textOf(characters: readonly string[], minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...characters), { minLength, maxLength, size: 'max' }).map((parts) => parts.join(''));
}

function written(path: string, version: { tag: string | null; digest: string | null }): string {
  return `${path}${version.tag === null ? '' : `:${version.tag}`}${version.digest === null ? '' : `@${version.digest}`}`;
}

function joinedParts(owners: readonly string[], name: string): Pick<ImageRef, 'owner' | 'name' | 'repository'> {
  return {
    owner: owners.length === 0 ? null : owners.join('/'),
    name,
    repository: [...owners, name].join('/'),
  };
}

/** The parts of a text that must parse. */
function parts(text: string, implied?: string | null): ImageRef {
  const parsed = parseImageRef(text, implied);
  assert.ok(parsed.kind === 'ref', `${text}: ${JSON.stringify(parsed)}`);
  return parsed.ref;
}

/** Text that fits in the length that references may have. */
function fits(text: string): boolean {
  return text.length <= MAX_REF_LENGTH;
}

test('a reference with a host parses back into the parts it was made of', () => {
  fc.assert(
    fc.property(host, owner, component, suffix, (registry, owners, name, version) => {
      const text = written([registry, ...owners, name].join('/'), version);
      fc.pre(fits(text));
      assert.deepEqual(parts(text, 'implied.example'), { registry, ...joinedParts(owners, name), ...version });
    }),
    { numRuns: 300 },
  );
});

test('a reference without a host takes the implied registry, and each part of its path', () => {
  const path = fc.oneof(
    fc.tuple(firstOfPath, owner, component).map(([first, owners, name]) => ({ owners: [first, ...owners], name })),
    component.map((name) => ({ owners: [], name })),
  );
  const implied = fc.option(fc.constantFrom('r.example', 'r.example:5000'));
  fc.assert(
    fc.property(path, suffix, implied, ({ owners, name }, version, registry) => {
      const text = written([...owners, name].join('/'), version);
      fc.pre(fits(text));
      assert.deepEqual(parts(text, registry), { registry, ...joinedParts(owners, name), ...version });
    }),
    { numRuns: 300 },
  );
});

test('only a lone name of Docker Hub is put below library', () => {
  fc.assert(
    fc.property(component, owner, suffix, (name, owners, version) => {
      const hub = parts(written(name, version));
      assert.deepEqual(hub, { registry: 'docker.io', ...joinedParts(['library'], name), ...version });
      assert.deepEqual(parts(written(`docker.io/${name}`, version)), hub);
      const deeper = ['acme', ...owners];
      const expected = { registry: 'docker.io', ...joinedParts(deeper, name), ...version };
      assert.deepEqual(parts(written([...deeper, name].join('/'), version)), expected);
    }),
    { numRuns: 200 },
  );
});

test('letter case counts in tags alone', () => {
  fc.assert(
    fc.property(host, owner, component, suffix, (registry, owners, name, version) => {
      const path = [registry, ...owners, name].join('/');
      assert.deepEqual(parts(written(path.toUpperCase(), version)), parts(written(path, version)));
    }),
    { numRuns: 200 },
  );
});

/** The grammar once more, written another way: what any reference that parses must obey. */
const COMPONENT = /^[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*$/;
const REGISTRY = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/;

function assertObeys(text: string): void {
  const parsed = parseImageRef(text);
  if (parsed.kind === 'refused') {
    assert.ok(parsed.reason.length > 0 && parsed.reason.length < 200);
    return;
  }
  const { registry, owner: owners, name, repository, tag: tagged, digest: digested } = parsed.ref;
  assert.match(registry ?? '', REGISTRY);
  for (const part of repository.split('/')) assert.match(part, COMPONENT);
  assert.equal(repository, owners === null ? name : `${owners}/${name}`);
  assert.ok(!name.includes('/'));
  assert.ok(tagged === null || /^\w[\w.-]{0,127}$/.test(tagged));
  assert.ok(digested === null || /^sha256:[0-9a-f]{64}$/.test(digested));
  assert.deepEqual(parseImageRef(written(`${registry}/${repository}`, parsed.ref)), parsed);
}

test('any text at all gives a reference that obeys the grammar, or a reason', () => {
  const noise = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ maxLength: 1000 }),
  );
  fc.assert(fc.property(noise, assertObeys), { numRuns: 300 });
});

test('a reference with one character put in, taken out or replaced still gives one that obeys, or a reason', () => {
  const character = fc.oneof(fc.constantFrom(...'/:@.-_[]%?# \n\u0000A0é'), fc.string({ minLength: 1, maxLength: 1 }));
  const reference = fc
    .tuple(host, owner, component, suffix)
    .map(([registry, owners, name, version]) => written([registry, ...owners, name].join('/'), version));
  fc.assert(
    fc.property(reference, fc.nat(), fc.nat({ max: 1 }), fc.option(character, { nil: '' }), (text, at, taken, put) => {
      const place = at % (text.length + 1);
      assertObeys(text.slice(0, place) + put + text.slice(place + taken));
    }),
    { numRuns: 300 },
  );
});

test('huge texts are refused at once, whatever they are made of', () => {
  for (const unit of ['a', '/', ':', '@', 'a/', 'a-', '.', '-', '[', '\ud800']) {
    assert.equal(parseImageRef(unit.repeat(1_000_000)).kind, 'refused');
  }
});
