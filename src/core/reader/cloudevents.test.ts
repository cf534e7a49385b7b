import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readCloudEvents } from './cloudevents.ts';
import { isObject } from './fields.ts';
import { readHarbor } from './harbor.ts';
import type { ReaderInput } from './reading.ts';

const EVENT = {
  specversion: '1.0',
  id: '1',
  source: '/ci/coast',
  type: 'net.example.built',
  subject: 'lighthouse 2.4.0',
  time: '2026-01-01T00:00:00Z',
};
const DATA = { image: 'images.example.net/coast/lighthouse:2.4.0', at: '2025-12-31T00:00:00Z' };
const MAPPING = { image: '$.data.image' };

function facts(body: unknown, changes: Partial<ReaderInput> = {}) {
  const reading = readCloudEvents(readerInput(body, changes));
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  return reading.facts;
}

const PUSHED = {
  kind: 'image.push',
  registry: 'images.example.net',
  repository: 'coast/lighthouse',
  tag: '2.4.0',
  digest: null,
  timeMs: 1_767_225_600_000,
  timeSource: 'time (iso)',
  actor: null,
  origin: 'user',
  subject: 'lighthouse 2.4.0',
};

test('an event of any type is read by the mapping, and its time is an attribute', () => {
  assert.deepEqual(facts({ ...EVENT, data: DATA }, { mapping: MAPPING }), [
    {
      fact: PUSHED,
      provenance: {
        registry: '/data/image',
        repository: '/data/image',
        tag: '/data/image',
        time: '/time',
        subject: '/subject',
      },
    },
  ]);
});

test('the same mapping reads the same event in binary mode, with the headers as places', () => {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/ci/coast',
    'ce-type': 'net.example.built',
    'ce-subject': 'lighthouse%202.4.0',
    'ce-time': EVENT.time,
  };
  assert.deepEqual(facts(DATA, { headers, mapping: MAPPING }), [
    {
      fact: PUSHED,
      provenance: {
        registry: '/image',
        repository: '/image',
        tag: '/image',
        time: 'header:ce-time',
        subject: 'header:ce-subject',
      },
    },
  ]);
});

test('a mapping may name another time, and attributes', () => {
  const mapping = { repository: '$.subject', tag: 'data.tag', time: '$.data.at' };
  const [read] = facts({ ...EVENT, subject: 'coast/lamp', data: { ...DATA, tag: 'v1' } }, { mapping });
  assert.ok(read?.fact.kind === 'image.push');
  const { repository, tag, timeMs } = read.fact;
  assert.deepEqual([repository, tag, timeMs], ['coast/lamp', 'v1', Date.UTC(2025, 11, 31)]);
});

test('events of registries are read by their own readers, whatever the mapping says', () => {
  const harbor = sample('harbor-push-cloudevents');
  const own = readHarbor(readerInput(harbor));
  assert.deepEqual(readCloudEvents(readerInput(harbor, { mapping: MAPPING })), own);
  const { data, ...attributes } = harbor;
  const texts = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)]);
  const [binary] = facts(data, { headers: Object.fromEntries(texts) });
  assert.ok(own.kind === 'facts' && isObject(binary?.fact));
  assert.deepEqual(binary.fact, own.facts[0]?.fact);
  assert.match(binary.provenance.kind ?? '', /^header:ce-type$/);
  assert.match(binary.provenance.digest ?? '', /^\/resources\/0\//);
});

test('a push to ECR that an input transformer made into an event is read', () => {
  const [read] = facts(sample('cloudevents-ecr-push'));
  assert.ok(read?.fact.kind === 'image.push');
  const { registry, repository, tag, digest, subject } = read.fact;
  assert.equal(registry, '000011112222.dkr.ecr.eu-north-1.amazonaws.com');
  assert.deepEqual([repository, tag, subject], ['coast/lighthouse', '2.4.0', 'coast/lighthouse:2.4.0']);
  assert.equal(digest, `sha256:${'9c'.repeat(32)}`);
  assert.equal(read.provenance.registry, '/source');
  const china = { ...sample('cloudevents-ecr-push'), source: 'arn:aws-cn:ecr:cn-north-1:000011112222:repository/x' };
  assert.equal(readRegistry(china), '000011112222.dkr.ecr.cn-north-1.amazonaws.com.cn');
});

function readRegistry(body: unknown): string | null {
  const fact = facts(body)[0]?.fact;
  return fact?.kind === 'image.push' ? fact.registry : null;
}

test('the events of a batch come from whom they may', () => {
  const images = facts(sample('cloudevents-batch')).map(({ fact, provenance }) => {
    assert.ok(fact.kind === 'image.push');
    return [`${fact.registry}/${fact.repository}`, fact.subject, provenance.tag];
  });
  assert.deepEqual(images, [
    ['zot.example.net/coast/lighthouse', undefined, '/0/data/reference'],
    ['harbor.example.net/coast/lamp', 'lamp', '/2/data/resources/0/tag'],
  ]);
});

test('a type that nobody knows is ignored without a mapping, and with one says what is missing', () => {
  assert.equal(readCloudEvents(readerInput({ ...EVENT, data: DATA })).kind, 'ignored');
  const reading = readCloudEvents(readerInput({ ...EVENT, data: {} }, { mapping: MAPPING }));
  assert.ok(reading.kind === 'unreadable');
  assert.equal(reading.pointer, '/data/image');
  const typeless = readCloudEvents(readerInput({ ...EVENT, type: '' }, { mapping: MAPPING }));
  assert.ok(typeless.kind === 'unreadable');
  assert.equal(typeless.pointer, '/type');
});
