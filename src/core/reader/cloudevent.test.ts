import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput } from '../../../test/support/samples.ts';
import { INBOUND_LIMITS } from '../inbound-limits.ts';
import { type Carrier, cloudEventsIn, isCloudEvents, readEach } from './cloudevent.ts';
import { known } from './fields.ts';
import { imageFact, repositoryAt, tagAt } from './image.ts';
import { ignored, MAX_FACTS, one, type Reader, unreadable } from './reading.ts';

const EVENT = { specversion: '1.0', id: '1', source: '/ci', type: 'org.example.pushed' };

function events(body: unknown, headers: Carrier['headers'] = {}) {
  const found = cloudEventsIn({ body, headers });
  assert.ok(found.kind === 'events', JSON.stringify(found));
  return found.events;
}

function fault(body: unknown, headers: Carrier['headers'] = {}) {
  const found = cloudEventsIn({ body, headers });
  return found.kind === 'unreadable' ? found.pointer : found.kind;
}

test('a structured event is the body, also where it is sent as plain JSON', () => {
  const body = { ...EVENT, data: { tag: 'v1' } };
  for (const type of [
    'application/cloudevents+json; charset=utf-8',
    'Application/CloudEvents+JSON',
    'application/json',
  ]) {
    const [event] = events(body, { 'content-type': type });
    assert.deepEqual(event?.document, body);
    assert.equal(event?.whence('/data/tag'), '/data/tag');
  }
});

test('the attributes of a binary event are headers and its data is the body', () => {
  const headers = { 'ce-specversion': '1.0', 'ce-type': 't', 'ce-comexampleext': 'x', 'content-type': 'text/json' };
  const [event] = events({ tag: 'v1' }, headers);
  assert.deepEqual(event?.document, { specversion: '1.0', type: 't', comexampleext: 'x', data: { tag: 'v1' } });
  assert.deepEqual(
    ['/data/tag', '/data', '/type', '/datax'].map((pointer) => event?.whence(pointer)),
    ['/tag', '', 'header:ce-type', 'header:ce-datax'],
  );
});

test('attributes in headers are taken out of quotes and percent-encoding once', () => {
  const cases = [
    ['Euro%20%E2%82%AC', 'Euro €'],
    ['%F0%9F%98%80', '😀'],
    ['"a \\"b\\" \\\\ %41"', 'a "b" \\ A'],
    ['100%', '100%'],
    ['%2541', '%41'],
    ['%zz%41', '%zzA'],
    ['%C3', '\ufffd'],
    ['"', '"'],
  ] as const;
  for (const [written, meant] of cases) {
    assert.equal(events(null, { 'ce-specversion': '1.0', 'ce-subject': written })[0]?.document.subject, meant);
  }
});

test('the media type decides before anything that looks like another mode', () => {
  const headers = { 'ce-specversion': '1.0', 'ce-type': 'of the header' };
  const typeOf = (mediaType: string) => events(EVENT, { ...headers, 'content-type': mediaType })[0]?.document.type;
  assert.equal(typeOf('application/cloudevents+json'), EVENT.type);
  assert.equal(typeOf('application/json'), 'of the header');
});

test('every event of a batch is one, with its index before its pointers', () => {
  for (const headers of [{}, { 'content-type': 'application/cloudevents-batch+json' }]) {
    const found = events([EVENT, { ...EVENT, id: '2' }], headers);
    assert.deepEqual(
      found.map(({ document, whence }) => [document.id, whence('/data/tag')]),
      [
        ['1', '/0/data/tag'],
        ['2', '/1/data/tag'],
      ],
    );
  }
});

test('data in base64 is read as JSON, and all of it is one place', () => {
  const data_base64 = Buffer.from('{"tag": "v1"}').toString('base64');
  const [event] = events([{ ...EVENT, data_base64 }]);
  assert.deepEqual(event?.document.data, { tag: 'v1' });
  assert.deepEqual(
    ['/data/tag', '/id'].map((pointer) => event?.whence(pointer)),
    ['/0/data_base64', '/0/id'],
  );
  for (const wrong of ['!', Buffer.from('{').toString('base64')]) {
    assert.equal(events({ ...EVENT, data_base64: wrong })[0]?.document.data, undefined);
  }
});

test('what carries no event says where one was looked for', () => {
  assert.equal(fault(null), '/specversion');
  assert.equal(fault({ ...EVENT, specversion: 1 }), '/specversion');
  const batch = cloudEventsIn({ body: [7, EVENT], headers: {} });
  assert.ok(batch.kind === 'events');
  assert.deepEqual([batch.events.length, batch.faults.map(({ pointer }) => pointer)], [1, ['/0/specversion']]);
  assert.equal(fault(EVENT, { 'content-type': 'application/cloudevents-batch+json' }), '');
  assert.equal(fault(Array.from({ length: MAX_FACTS + 1 }, () => EVENT)), '');
});

test('a request looks like CloudEvents when headers or body say so', () => {
  const looks = (body: unknown, headers: Carrier['headers'] = {}) => isCloudEvents({ body, headers });
  assert.deepEqual([looks(EVENT), looks([EVENT]), looks({}, { 'ce-specversion': '1.0' })], [true, true, true]);
  assert.deepEqual([looks({}), looks([]), looks(null), looks({}, { 'ce-id': '1' })], [false, false, false, false]);
  assert.equal(looks({}, { 'content-type': 'application/cloudevents+json' }), true);
});

const NO_EVENT = 'No CloudEvent: there is no specversion in headers or body.';

const reader: Reader = ({ body }) => {
  const repository = repositoryAt(body, ['data', 'name']);
  if (repository === null) return unreadable('/data/name', 'none');
  const tag = tagAt(body, ['data', 'tag']);
  if (tag === null) return ignored('no tag');
  const parts = { registry: null, repository, tag, digest: null, time: null, actor: null };
  return one(imageFact({ ...parts, kind: known('image.push'), origin: known('ci') }));
};

function readAll(...data: readonly unknown[]) {
  return readEach(readerInput(data.map((each) => ({ ...EVENT, data: each }))), reader);
}

test('of a batch, what can be read is read', () => {
  const reading = readAll({}, { name: 'a/b' }, { name: 'a/b', tag: 'v1' }, { name: 'c/d', tag: 'v2' });
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(
    reading.facts.map(({ provenance }) => provenance),
    [
      { repository: '/2/data/name', tag: '/2/data/tag' },
      { repository: '/3/data/name', tag: '/3/data/tag' },
    ],
  );
});

test('of a batch, what cannot be read is told by its number, events or none', () => {
  const good = { ...EVENT, data: { name: 'a/b', tag: 'v1' } };
  const skippedOf = (...items: readonly unknown[]) => {
    const reading = readEach(readerInput(items), reader);
    return reading.kind === 'facts' ? [reading.facts.length, reading.skipped] : reading;
  };
  assert.deepEqual(skippedOf(good, 7, good, { ...EVENT, data: {} }), [2, 2]);
  assert.deepEqual(skippedOf(good, good), [2, undefined]);
  assert.deepEqual(skippedOf(7, null), unreadable('/0/specversion', NO_EVENT));
  assert.deepEqual(skippedOf(7), unreadable('/0/specversion', NO_EVENT));
});

test('a batch with nothing to read is unreadable if any event of it is, else ignored', () => {
  assert.deepEqual(readAll({ name: 'a/b' }, {}), unreadable('/1/data/name', 'none'));
  assert.deepEqual(readAll({ name: 'a/b' }, { name: 'c/d' }), ignored('no tag'));
  assert.equal(readAll().kind, 'ignored');
});

test('data in base64 may hold as much as a body, and the data of all events of a batch no more than that together', () => {
  const { maxMembers } = INBOUND_LIMITS;
  const holding = (members: number) => {
    const named = Array.from({ length: members }, (_, at) => `"m${at}":0`);
    return { ...EVENT, data_base64: Buffer.from(`{${named.join(',')}}`).toString('base64') };
  };
  const faultsOf = (body: unknown) => {
    const found = cloudEventsIn({ body, headers: {} });
    return (found.kind === 'unreadable' ? [found] : found.faults).map(({ pointer }) => pointer);
  };
  assert.deepEqual(faultsOf(holding(maxMembers)), []);
  assert.deepEqual(faultsOf(holding(maxMembers + 1)), ['/data_base64']);
  const half = holding(maxMembers / 2);
  assert.deepEqual(faultsOf([half, half]), []);
  assert.deepEqual(faultsOf([half, holding(maxMembers / 2 + 1), half]), ['/1/data_base64']);
  const small = Array.from({ length: MAX_FACTS - 1 }, () => ({ ...EVENT, data_base64: 'e30=' }));
  assert.deepEqual(faultsOf([...small, holding(maxMembers)]), []);
  assert.deepEqual(faultsOf([holding(maxMembers), ...small.slice(0, 9)]), []);
  assert.deepEqual(faultsOf([holding(maxMembers), ...small.slice(0, 9), holding(1)]), ['/10/data_base64']);
  // No JSON, as is found behind all that it holds: it took as long.
  const named = Array.from({ length: maxMembers }, (_, at) => `"m${at}":${at === maxMembers - 1 ? 'nil' : 0}`);
  const wrong = { ...EVENT, data_base64: Buffer.from(`{${named.join(',')}}`).toString('base64') };
  assert.deepEqual(faultsOf([wrong, holding(1)]), ['/1/data_base64']);
});
