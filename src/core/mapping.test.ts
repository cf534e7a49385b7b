import assert from 'node:assert/strict';
import test from 'node:test';
import { MAPPED_FIELDS, type Mapping, mapped, mappedId, mappingDoubts, mappingErrors } from './mapping.ts';

function pointers(mapping: object): string[] {
  return mappingErrors(mapping as Mapping).map(({ pointer }) => pointer);
}

test('a mapping with one place for each field is in order', () => {
  const all = { registry: 'host', tag: '$.tag', digest: '$["d"]', time: 'at', actor: 'by', id: '$.ids[-1]' };
  assert.deepEqual(pointers({ image: '$.data.image' }), []);
  assert.deepEqual(pointers({ image: '$', ...all }), []);
  assert.deepEqual(pointers({ repository: 'data.items.0.name', ...all }), []);
  assert.deepEqual(
    MAPPED_FIELDS.filter((field) => !(field in { ...all, image: 1, repository: 1 })),
    [],
  );
});

test('each path that leads nowhere certain is refused at its own field', () => {
  const wrong = ['', 'a b', '$.', '$.a..b', '$[*]', '$.a[0:2]', '$.a[?@.b]', '$.a[0,1]', `$.${'x'.repeat(600)}`];
  for (const path of wrong) assert.deepEqual(pointers({ image: '$.image', tag: path }), ['/mapping/tag'], path);
  assert.deepEqual(pointers({ image: '$.image', 'a/b': '$.c' }), ['/mapping/a~1b']);
  assert.deepEqual(pointers({ image: 7 }), ['/mapping/image']);
});

test('fields that together say nothing, or say the same twice, are refused', () => {
  assert.deepEqual(pointers({}), ['/mapping']);
  assert.deepEqual(pointers({ tag: 'tag' }), ['/mapping']);
  assert.deepEqual(pointers({ repository: 'name' }), ['/mapping']);
  assert.deepEqual(pointers({ image: 'image', repository: 'name', tag: 'tag' }), ['/mapping/repository']);
  assert.deepEqual(pointers({ repository: '$..name', digest: 'digest', nonsense: 'x' }), [
    '/mapping/repository',
    '/mapping/nonsense',
  ]);
});

test('a path that looks like the value itself is doubted, until it is written with `$`', () => {
  const doubts = (mapping: Omit<Mapping, 'image'>) => mappingDoubts({ image: '$.image', ...mapping });
  const roots = [
    ['ghcr.io', '$.ghcr.io'],
    ['my-registry.example.com', "$['my-registry'].example.com"],
    ['localhost', '$.localhost'],
    ['10.0.0.5', "$['10']['0']['0']['5']"],
  ] as const;
  for (const [registry, root] of roots) {
    const [doubt = ''] = doubts({ registry });
    assert.ok(doubt.includes(`looked for at \`${root}\`: for the host itself`), doubt);
    assert.deepEqual([doubts({ registry: root }), mappingErrors({ image: '$.image', registry: root })], [[], []]);
  }
  for (const tag of ['latest', '2.4.0', 'v1.2']) assert.equal(doubts({ tag }).length, 1, tag);
  assert.deepEqual(doubts({ registry: 'build.registry', tag: 'build.tag', actor: 'ghcr.io' }), []);
  assert.deepEqual(doubts({ registry: 'host', tag: 'items.0' }), []);
});

test('a field is found with the steps that led to it, and a missing one with those that would', () => {
  const body = { runs: [{ tag: 'v1' }, { tag: 'v2' }] };
  const at = (path: string) => mapped({ image: path }, 'image', body);
  assert.deepEqual(at('$.runs[-1].tag'), { node: 'v2', steps: ['runs', 1, 'tag'] });
  assert.deepEqual(at('runs.0.tag'), { node: 'v1', steps: ['runs', 0, 'tag'] });
  assert.deepEqual(at('$.runs[-5].tag.deep'), { node: undefined, steps: ['runs', 0, 'tag', 'deep'] });
  assert.deepEqual(at('none.0.tag'), { node: undefined, steps: ['none', '0', 'tag'] });
  assert.deepEqual(at('constructor.name'), { node: undefined, steps: ['constructor', 'name'] });
  assert.equal(mapped({ image: 'runs' }, 'tag', body), null);
});

test('the id of a message is a text or a whole number where the mapping says', () => {
  assert.equal(mappedId({ image: 'i', id: '$.run.id' }, { run: { id: 'r-1' } }), 'r-1');
  assert.equal(mappedId({ image: 'i', id: '$.run.id' }, { run: { id: 71 } }), '71');
  for (const id of ['', ' ', null, {}, 'x'.repeat(1025)])
    assert.equal(mappedId({ image: 'i', id: 'id' }, { id }), null);
  assert.equal(mappedId({ image: 'i' }, { id: 'r-1' }), null);
  assert.equal(mappedId(null, { id: 'r-1' }), null);
});

test('a number that is rounded when it is read is no id: others would look like it', () => {
  const idOf = (source: string) => mappedId({ image: 'i', id: 'id' }, JSON.parse(`{"id": ${source}}`));
  assert.equal(idOf('9007199254740991'), '9007199254740991');
  for (const source of ['9007199254740992', '12345678901234567890', '1e400', '-9007199254740992', '1.5']) {
    assert.equal(idOf(source), null, source);
  }
});
