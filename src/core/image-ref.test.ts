import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type ImageRef, parseImageRef } from './image-ref.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

function refOf(text: string, impliedRegistry?: string | null): ImageRef {
  const parsed = parseImageRef(text, impliedRegistry);
  assert.equal(parsed.kind, 'ref', text);
  return parsed.ref;
}

describe('an image reference', () => {
  const cases: [
    text: string,
    registry: string,
    owner: string | null,
    name: string,
    tag: string | null,
    digest: string | null,
  ][] = [
    ['nginx', 'docker.io', 'library', 'nginx', null, null],
    ['app:1.2', 'docker.io', 'library', 'app', '1.2', null],
    ['library/app', 'docker.io', 'library', 'app', null, null],
    ['docker.io/nginx', 'docker.io', 'library', 'nginx', null, null],
    ['index.docker.io/crazymax/diun:latest', 'docker.io', 'crazymax', 'diun', 'latest', null],
    ['registry/org/app:tag', 'docker.io', 'registry/org', 'app', 'tag', null],
    ['ghcr.io/Acme/App:V1', 'ghcr.io', 'acme', 'app', 'V1', null],
    ['GHCR.io/acme/app', 'ghcr.io', 'acme', 'app', null, null],
    ['localhost/app', 'localhost', null, 'app', null, null],
    ['localhost:5000', 'docker.io', 'library', 'localhost', '5000', null],
    [`localhost:5000/app:v1@${DIGEST}`, 'localhost:5000', null, 'app', 'v1', DIGEST],
    [`registry.example.com/acme/web@${DIGEST}`, 'registry.example.com', 'acme', 'web', null, DIGEST],
    ['[2001:db8::1]:5000/grp/sub/app:1', '[2001:db8::1]:5000', 'grp/sub', 'app', '1', null],
    ['quay.io/a/b__c-d---e.f_g', 'quay.io', 'a', 'b__c-d---e.f_g', null, null],
  ];
  for (const [text, registry, owner, name, tag, digest] of cases) {
    it(`${text} is taken apart`, () => {
      const repository = owner === null ? name : `${owner}/${name}`;
      assert.deepEqual(refOf(text), { registry, owner, name, repository, tag, digest });
    });
  }

  it('without a host takes the registry the caller implies, and library/ only on Docker Hub', () => {
    assert.deepEqual(
      [refOf('web', 'r.example.com').registry, refOf('web', 'r.example.com').repository],
      ['r.example.com', 'web'],
    );
    assert.deepEqual([refOf('web', null).registry, refOf('web', null).owner], [null, null]);
    assert.equal(refOf('ghcr.io/acme/web', 'r.example.com').registry, 'ghcr.io');
  });

  it('is refused with a reason that does not repeat it', () => {
    const wrong = [
      '',
      ' ',
      '/',
      'app:',
      ':tag',
      '@',
      `@${DIGEST}`,
      DIGEST,
      DIGEST.toUpperCase(),
      DIGEST.slice('sha256:'.length),
      'app@',
      'app@sha256:abc',
      `app@${DIGEST.toUpperCase()}`,
      `app@${DIGEST}0`,
      `app@${DIGEST}@${DIGEST}`,
      'app:a:b',
      'app:.x',
      'app:-x',
      `app:${'t'.repeat(129)}`,
      'ghcr.io/',
      'ghcr.io//app',
      'a//b',
      'acme/app/',
      '/app',
      'https://ghcr.io/acme/app',
      'acme/-app',
      'acme/app-',
      'acme/a..b',
      'acme/a___b',
      'acme/a._b',
      'host:/app',
      'host:0/app',
      'host:080/app',
      'host:65536/app',
      '-host.io/app',
      'a b/c',
      'acme/ünï',
      // In lower case the Kelvin sign is a k.
      '\u212aubernetes.io/app:1',
      'registry.example.com/\u212aube/app:1',
      'acme/app\n',
      'app:tag\n',
      `app@${DIGEST}\n`,
      `acme/${'x'.repeat(255)}`,
      `acme/app:${'x'.repeat(600)}`,
      'acme/app\u0000',
    ];
    for (const text of wrong) {
      const parsed = parseImageRef(text);
      assert.equal(parsed.kind, 'refused', JSON.stringify(text));
      if (text.length > 4) assert.ok(!parsed.reason.includes(text));
    }
  });
});

const FIXTURES = new URL('../../../shared/fixtures/', import.meta.url);
const isRequired = existsSync(FIXTURES) || process.env.CI !== undefined;

/** Payloads whose reference is one text, with the facts they must become. */
interface Fixture {
  request: { body?: { image?: unknown } };
  expected: { events: { registry: string; repository: string; tag: string | null; digest: string | null }[] };
}

if (isRequired) {
  it('of every fixture that carries one becomes the expected registry and repository', () => {
    const files = globSync('*/*.json', { cwd: FIXTURES }).map((file) => new URL(file, FIXTURES));
    const fixtures = files.map((file): Fixture => JSON.parse(readFileSync(file, 'utf8')));
    const seen = fixtures.flatMap(({ request, expected }) => {
      const image = request.body?.image;
      const event = expected.events[0];
      if (typeof image !== 'string' || event === undefined) return [];
      const ref = refOf(image);
      assert.deepEqual([ref.registry, ref.repository], [event.registry, event.repository], image);
      if (ref.digest !== null) assert.deepEqual([ref.tag, ref.digest], [event.tag, event.digest], image);
      return [image];
    });
    assert.ok(seen.length >= 4);
  });
}
