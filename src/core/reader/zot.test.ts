import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, SAMPLES, sample } from '../../../test/support/samples.ts';
import { readZot } from './zot.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const HEADERS = SAMPLES.find(({ file }) => file === 'zot-push')?.headers ?? {};

/** An event in structured mode. */
function event(data: unknown, type = 'zotregistry.image.updated', registry: string | null = null) {
  const body = { specversion: '1.0', id: 'e1', source: 'zotregistry.dev', type, data };
  return readZot(readerInput(body, { registry }));
}

function image(reading: ReturnType<typeof readZot>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a push in binary mode has its attributes in headers and its image in the body', () => {
  assert.deepEqual(readZot(readerInput(sample('zot-push'), { headers: HEADERS })), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.push',
          registry: 'zot.example.net',
          repository: 'coast/lighthouse',
          tag: '2.4.0',
          digest: DIGEST,
          timeMs: 1_767_225_600_500,
          timeSource: 'time (iso)',
          actor: 'keeper',
          origin: 'user',
        },
        provenance: {
          kind: 'header:ce-type',
          registry: '/request/host',
          repository: '/name',
          tag: '/reference',
          digest: '/digest',
          time: 'header:ce-time',
          actor: '/actor/name',
        },
      },
    ],
  });
});

test('structured mode says the same', () => {
  const read = image(event(sample('zot-push')));
  assert.deepEqual([read.registry, read.tag, read.digest], ['zot.example.net', '2.4.0', DIGEST]);
});

test('versions that do not say the host leave it to the configuration', () => {
  const data = { name: 'coast/buoy', reference: 'v1' };
  assert.equal(image(event(data, undefined, 'set.example')).registry, 'set.example');
  assert.equal(image(event(data)).registry, null);
});

test('a reference that is a digest is the digest', () => {
  const read = image(event({ name: 'coast/buoy', reference: DIGEST }, 'zotregistry.image.deleted'));
  assert.deepEqual([read.kind, read.tag, read.digest], ['image.delete', null, DIGEST]);
});

test('a chart is told by the configuration in its manifest', () => {
  const kindOf = (manifest: unknown) => image(event({ name: 'coast/buoy', reference: 'v1', manifest })).kind;
  const chart = { config: { mediaType: 'application/vnd.cncf.helm.config.v1+json' } };
  assert.equal(kindOf(JSON.stringify(chart)), 'chart.push');
  for (const manifest of [chart, '{', '[]', '{}', 7, undefined]) assert.equal(kindOf(manifest), 'image.push');
});

test('new repositories, images that failed the lint rules and other artifacts are no pushes', () => {
  const data = { name: 'coast/buoy', reference: 'v1' };
  assert.equal(event({ name: 'coast/buoy' }, 'zotregistry.repository.created').kind, 'ignored');
  assert.equal(event(data, 'zotregistry.image.lint_failed').kind, 'ignored');
  assert.equal(event({ ...data, mediaType: 'application/vnd.oci.empty.v1+json' }).kind, 'ignored');
  assert.equal(event({ name: 'coast/buoy', reference: '' }).kind, 'ignored');
});

test('what is not an event of zot is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readZot>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readZot(readerInput({ name: 'coast/buoy' }))), '/specversion');
  assert.equal(pointerOf(readZot(readerInput({ specversion: '1.0' }))), '/type');
  assert.equal(pointerOf(event({ reference: 'v1' })), '/data/name');
  const headers = { ...HEADERS };
  assert.equal(pointerOf(readZot(readerInput({ reference: 'v1' }, { headers }))), '/name');
});

test('a manifest larger than any of a chart is that of an image, whatever it says', () => {
  const kindOf = (more: object) => {
    const manifest = JSON.stringify({ config: { mediaType: 'application/vnd.cncf.helm.config.v1+json' }, ...more });
    return image(event({ name: 'coast/buoy', reference: 'v1', manifest })).kind;
  };
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, 0]));
  assert.equal(kindOf({ annotations: members(100), layers: [{}, {}] }), 'chart.push');
  assert.equal(kindOf({ annotations: members(200) }), 'image.push');
  assert.equal(kindOf({ layers: Array(300).fill(0) }), 'image.push');
  assert.equal(kindOf({ annotations: { text: 'x'.repeat(100_000) } }), 'image.push');
});
