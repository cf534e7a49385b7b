import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readers } from '../reader.ts';
import type { SourceType } from '../source.ts';
import { MAX_FACTS } from './reading.ts';

/** As many of the smallest items as a body may hold, and which of them were looked at. */
function countless() {
  const readAt = new Set<string>();
  const items = new Proxy(Array(5 * 1024 * 256).fill(0), {
    get(target, name, receiver) {
      if (typeof name === 'string' && /^[0-9]/.test(name)) readAt.add(name);
      return Reflect.get(target, name, receiver);
    },
  });
  return { items, readAt };
}

type Around = (items: readonly unknown[]) => unknown;

const CLOUD_EVENT = { specversion: '1.0', id: '1', source: '/a', type: 'harbor.artifact.pushed' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

/** Every payload that holds a list which becomes facts; the first item is looked at to tell who sent it. */
const LISTS: readonly [SourceType, Around, headers?: Record<string, string>][] = [
  ['quay', (items) => ({ ...(sample('quay-push') as object), updated_tags: items })],
  ['distribution', (events) => ({ events })],
  ['harbor', (resources) => ({ type: 'PUSH_ARTIFACT', event_data: { resources } })],
  ['harbor', (resources) => ({ ...CLOUD_EVENT, data: { resources } })],
  ['acr-eventgrid', (events) => events],
  ['wud', (containers) => containers],
  ['cloudevents', (events) => events, BATCH],
  ['cloudevents', (resources) => ({ ...CLOUD_EVENT, data: { resources } })],
  ['registry-push', (items) => ({ ...(sample('quay-push') as object), updated_tags: items })],
  ['registry-push', (resources) => ({ type: 'PUSH_ARTIFACT', event_data: { resources } })],
  ['registry-push', (resources) => ({ ...CLOUD_EVENT, data: { resources } })],
  ['registry-push', (events) => events, BATCH],
];

for (const [type, around, headers = {}] of LISTS) {
  test(`${type} refuses a list of too many items by its length, and reads none of them`, () => {
    const { items, readAt } = countless();
    const reading = readers[type]({ ...readerInput({}), body: around(items), headers });
    assert.equal(reading.kind, 'unreadable');
    assert.match('reason' in reading ? reading.reason : '', /^More than 1000 /);
    readAt.delete('0');
    assert.equal(readAt.size, 0);
  });
}

test('tags named by an object are counted before any is read', () => {
  const tags = Object.fromEntries(Array.from({ length: MAX_FACTS + 1 }, (_, at) => [`v${at}`, 'x']));
  const reading = readers.quay(readerInput({ ...(sample('quay-push') as object), updated_tags: tags }));
  assert.deepEqual(reading, { kind: 'unreadable', pointer: '/updated_tags', reason: 'More than 1000 tags.' });
});

test('a batch is read no further than to where it has too many facts', () => {
  const resource = { tag: 'v1', resource_url: 'registry.example.com/acme/app:v1' };
  const first = { ...CLOUD_EVENT, data: { resources: Array(MAX_FACTS).fill(resource) } };
  const seen: string[] = [];
  const watched = (name: string) => ({
    ...first,
    get data() {
      seen.push(name);
      return first.data;
    },
  });
  const batch = ['a', 'b', 'c'].map(watched);
  const reading = readers.cloudevents({ ...readerInput({}), body: batch, headers: BATCH });
  assert.equal(reading.kind, 'unreadable');
  assert.deepEqual([...new Set(seen)], ['a', 'b']);
});
