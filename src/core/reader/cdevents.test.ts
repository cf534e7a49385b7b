import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readCdevents } from './cdevents.ts';
import { at } from './fields.ts';

const DIGEST = `sha256:${'9c'.repeat(32)}`;

function published(changes: { type?: unknown; id?: unknown }) {
  const { context, subject } = sample('cdevents-published');
  const [type, id] = [at(context, ['type']), at(subject, ['id'])];
  return {
    context: { ...Object(context), type: 'type' in changes ? changes.type : type },
    subject: { ...Object(subject), id: 'id' in changes ? changes.id : id },
  };
}

const PUSHED = {
  kind: 'image.push',
  registry: 'images.example.net',
  repository: 'coast/lighthouse',
  tag: '2.4.0',
  digest: DIGEST,
  timeMs: 1_767_225_600_250,
  actor: 'keeper',
  origin: 'ci',
};

test('a published artifact is a push of the image that its package URL names', () => {
  assert.deepEqual(readCdevents(readerInput(sample('cdevents-published'))), {
    kind: 'facts',
    facts: [
      {
        fact: { ...PUSHED, timeSource: 'context.timestamp (iso)' },
        provenance: {
          kind: '/context/type',
          registry: '/subject/id',
          repository: '/subject/id',
          tag: '/subject/id',
          digest: '/subject/id',
          time: '/context/timestamp',
          actor: '/subject/content/user',
        },
      },
    ],
  });
});

test('in a CloudEvent of structured mode the same stands below data', () => {
  const data = sample('cdevents-published');
  const event = { specversion: '1.0', id: '1', source: '/ci', type: 'dev.cdevents.artifact.published.0.2.0', data };
  const reading = readCdevents(readerInput(event));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts[0]?.fact, { ...PUSHED, timeSource: 'data.context.timestamp (iso)' });
  assert.equal(reading.facts[0]?.provenance.tag, '/data/subject/id');
});

test('in a CloudEvent of binary mode it is the body', () => {
  const headers = { 'ce-specversion': '1.0', 'content-type': 'application/cdevents+json' };
  const reading = readCdevents(readerInput(sample('cdevents-published'), { headers }));
  assert.ok(reading.kind === 'facts');
  assert.equal(reading.facts[0]?.provenance.tag, '/subject/id');
});

test('a deleted artifact is a deletion', () => {
  const reading = readCdevents(readerInput(sample('cdevents-deleted-cloudevent')));
  assert.ok(reading.kind === 'facts');
  const { fact } = reading.facts[0] ?? {};
  assert.ok(fact?.kind === 'image.delete');
  assert.deepEqual([fact.registry, fact.repository, fact.tag], ['images.example.net', 'coast/lighthouse', '2.3.0']);
});

test('types are told without their version, which changes with each specification', () => {
  const kindOf = (type: unknown) => readCdevents(readerInput(published({ type }))).kind;
  for (const version of ['', '.0.1.0', '.0.3.0-draft'])
    assert.equal(kindOf(`dev.cdevents.artifact.published${version}`), 'facts');
  const others = [
    'artifact.packaged',
    'artifact.signed',
    'artifact.downloaded',
    'service.deployed',
    'artifact.publishedx',
    'artifact.published-again',
  ];
  for (const other of others) assert.equal(kindOf(`dev.cdevents.${other}.0.2.0`), 'ignored');
  assert.equal(kindOf('org.example.artifact.published.0.2.0'), 'ignored');
});

test('an artifact that is no image, or none that can be addressed, is ignored', () => {
  const kindOf = (id: unknown) => readCdevents(readerInput(published({ id }))).kind;
  assert.equal(kindOf('pkg:golang/example.com/coast/lamp@1'), 'ignored');
  assert.equal(kindOf('pkg:oci/lamp'), 'ignored');
});

test('what is no CDEvent says what is missing', () => {
  const pointerOf = (body: unknown) => {
    const reading = readCdevents(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf({}), '/context');
  assert.equal(pointerOf({ specversion: '1.0', data: {} }), '/data/context');
  assert.equal(pointerOf(published({ type: null })), '/context/type');
  assert.equal(pointerOf(published({ id: 7 })), '/subject/id');
});
