import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import type { Mapping } from '../mapping.ts';
import { readGeneric } from './generic.ts';
import type { ReaderInput } from './reading.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

function read(body: unknown, mapping: Mapping | null, changes: Partial<ReaderInput> = {}) {
  return readGeneric(readerInput(body, { mapping, ...changes }));
}

function image(body: unknown, mapping: Mapping | null, changes: Partial<ReaderInput> = {}) {
  const reading = read(body, mapping, changes);
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact?.kind === 'image.push');
  return [fact.registry, fact.repository, fact.tag, fact.digest];
}

function fault(body: unknown, mapping: Mapping | null) {
  const reading = read(body, mapping);
  assert.ok(reading.kind === 'unreadable', JSON.stringify(reading));
  return reading.pointer;
}

test('without a mapping the generic format of seed 001 is read', () => {
  assert.deepEqual(readGeneric(readerInput(sample('generic-push'))), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.push',
          registry: 'images.example.net',
          repository: 'coast/lighthouse',
          tag: '2.4.0',
          digest: `sha256:${'9c'.repeat(32)}`,
          timeMs: 1_767_225_600_000,
          timeSource: 'pushedAt (iso)',
          actor: null,
          origin: 'user',
        },
        provenance: {
          registry: '/repository',
          repository: '/repository',
          tag: '/tag',
          digest: '/digest',
          time: '/pushedAt',
        },
      },
    ],
  });
});

test('a repository without a host is in the registry of the source, or in one unknown', () => {
  const body = { repository: 'Acme/API', tag: 'v1' };
  assert.deepEqual(image(body, null), [null, 'acme/api', 'v1', null]);
  assert.deepEqual(image(body, null, { registry: 'images.example' }), ['images.example', 'acme/api', 'v1', null]);
  assert.deepEqual(image({ ...body, repository: 'ghcr.io/acme/api' }, null, { registry: 'images.example' }), [
    'ghcr.io',
    'acme/api',
    'v1',
    null,
  ]);
});

test('a tag that is a digest is one, and a digest that is none is left out', () => {
  const repository = 'acme/api';
  assert.deepEqual(image({ repository, tag: DIGEST }, null), [null, repository, null, DIGEST]);
  assert.deepEqual(image({ repository, tag: 'v1', digest: 'sha256:123' }, null), [null, repository, 'v1', null]);
  assert.deepEqual(image({ repository, tag: '', digest: DIGEST }, null), [null, repository, null, DIGEST]);
});

test('an image is taken apart as docker pull would', () => {
  const mapping = { image: '$.out.image' };
  assert.deepEqual(image({ out: { image: 'api' } }, mapping), ['docker.io', 'library/api', 'latest', null]);
  assert.deepEqual(image({ out: { image: 'r.example:5000/api:v1' } }, mapping), ['r.example:5000', 'api', 'v1', null]);
  assert.deepEqual(image({ out: { image: `api@${DIGEST}` } }, mapping, { registry: 'r.example' }), [
    'r.example',
    'api',
    null,
    DIGEST,
  ]);
});

test('what stands beside an image fills in what the reference leaves out', () => {
  const mapping = { image: 'image', tag: 'tag', digest: 'digest', registry: 'host' };
  const body = { image: 'acme/api', tag: 'v1', digest: DIGEST, host: 'https://R.example:5000/v2/' };
  assert.deepEqual(image(body, mapping), ['r.example:5000', 'acme/api', 'v1', DIGEST]);
  assert.deepEqual(image({ ...body, image: `ghcr.io/acme/api:v1@${DIGEST}` }, mapping), [
    'ghcr.io',
    'acme/api',
    'v1',
    DIGEST,
  ]);
  assert.equal(fault({ ...body, image: 'acme/api:v2' }, mapping), '/tag');
  assert.equal(fault({ ...body, image: `acme/api@${OTHER}` }, mapping), '/digest');
});

test('a payload without what the mapping promises says which field is at fault', () => {
  const mapping = { repository: '$.items[-1].name', tag: '$.items[-1].tag' };
  assert.equal(fault({ items: [{ name: 'a/b' }, { name: 'c/d' }] }, mapping), '/items/1/tag');
  assert.equal(fault({ items: [{ tag: 'v1' }] }, mapping), '/items/0/name');
  assert.equal(fault({ items: [{ name: 'c/d:v2', tag: 'v1' }] }, mapping), '/items/0/name');
  assert.equal(fault({ items: [{ name: 'c d', tag: 'v1' }] }, mapping), '/items/0/name');
  assert.equal(fault({ name: 'c/d', tag: 'v1', host: 'not a host' }, { image: 'name', registry: 'host' }), '/host');
  assert.equal(fault({ name: 'c/d' }, { repository: 'name', digest: 'digest' }), '/digest');
  assert.equal(fault({ image: 'api' }, { image: 'image', tag: 'tag' }), '/tag');
  assert.equal(fault(null, null), '/repository');
});

test('a mapping that nothing checked does no harm', () => {
  assert.equal(fault({ a: 1 }, {}), '');
  assert.equal(fault({ a: 1 }, { image: '$..a' }), '');
});

test('time and account come from where the mapping says', () => {
  const mapping = { image: 'image', time: '$.build.end', actor: '$.build.by' };
  const reading = read({ image: 'api', build: { end: 1_767_225_600, by: 'keeper' } }, mapping);
  assert.ok(reading.kind === 'facts');
  const { fact, provenance } = reading.facts[0] ?? {};
  assert.ok(fact?.kind === 'image.push');
  assert.deepEqual([fact.timeMs, fact.timeSource, fact.actor], [1_767_225_600_000, 'build.end (unix s)', 'keeper']);
  assert.deepEqual(provenance, { repository: '/image', time: '/build/end', actor: '/build/by' });
});

test('a tag that is a number is told to be written as a text: 1.10 would come as 1.1', () => {
  const reasonOf = (body: unknown) => {
    const reading = read(body, { repository: 'name', tag: 'tag' });
    return reading.kind === 'unreadable' ? reading.reason : reading.kind;
  };
  assert.match(reasonOf({ name: 'c/d', tag: 1.1 }), /not a text/);
  assert.match(reasonOf({ name: 'c/d', tag: '.' }), /not a tag/);
  assert.match(reasonOf({ name: 'c/d' }), /missing/);
});
