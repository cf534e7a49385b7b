import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type JsonValue, query } from 'jsonpath-rfc9535';
import { follow, type JsonPath, parsePath, someNode } from './json-path.ts';

function pathOf(field: string): JsonPath {
  const parsed = parsePath(field);
  assert.equal(parsed.kind, 'path', field);
  return parsed.path;
}

function select(field: string, document: unknown, nodes = 10_000): unknown[] {
  const found: unknown[] = [];
  someNode(pathOf(field), document, { nodes, isCut: false }, (node) => {
    found.push(node);
    return false;
  });
  return found;
}

const DOCUMENT: unknown = JSON.parse(
  '{"data":{"environment":{"name":"production"},"0":"zero","x-y":1,"items":[{"n":1},{"n":2},{"n":3}],"none":null,"__proto__":{"own":true}}}',
);

describe('a path', () => {
  it('selects by names, indexes, wildcards and slices', () => {
    const cases: [field: string, found: unknown[]][] = [
      ['data.environment.name', ['production']],
      ['$.data.environment.name', ['production']],
      ['$[\'data\']["environment"].name', ['production']],
      ['data.items.1.n', [2]],
      ['data.0', ['zero']],
      ['data.x-y', [1]],
      ['$.data.items[-1].n', [3]],
      ['$.data.items[*].n', [1, 2, 3]],
      ['$.data.items[1:].n', [2, 3]],
      ['$.data.items[::-1].n', [3, 2, 1]],
      ['$.data.items[0,2].n', [1, 3]],
      ['$.data.environment["name","other"]', ['production']],
      ['$.data.none', [null]],
      ['$', [DOCUMENT]],
    ];
    for (const [field, found] of cases) assert.deepEqual(select(field, DOCUMENT), found, field);
  });

  it('selects nothing where nothing is', () => {
    const missing = [
      'other',
      'data.items.3',
      'data.items.n',
      'data.none.x',
      '$.data.items[-4]',
      '$.data[0]',
      '$.data.items["0"]',
    ];
    for (const field of [
      ...missing,
      '$.data.items[0:3:0]',
      '$.data.environment.name[*]',
      'data.environment.name.length',
    ]) {
      assert.deepEqual(select(field, DOCUMENT), [], field);
    }
  });

  it('sees own members only', () => {
    for (const field of [
      'constructor',
      'data.environment.__proto__',
      '$.data.items.length',
      'toString.name',
      '$["toString","x"]',
    ]) {
      assert.deepEqual(select(field, DOCUMENT), [], field);
    }
    assert.deepEqual(select('data.__proto__.own', DOCUMENT), [true]);
  });

  it('selects what another implementation selects, for documents and paths made at random', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const whole = fc.integer({ min: -4, max: 4 });
    const segment = fc.oneof(
      name.map((text) => `.${text}`),
      whole.map((index) => `[${index}]`),
      fc.constantFrom('.*', '[*]', "['a','b']", '["c", 1]', '[ 0 , 1 ]'),
    );
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<JsonValue>(1, 'x', null, true),
        fc.array(tie('tree'), { maxLength: 5 }),
        fc.dictionary(name, tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.array(segment, { maxLength: 4 }), (document, segments) => {
        const field = `$${segments.join('')}`;
        const inOrder = (nodes: unknown[]): string[] => nodes.map((node) => JSON.stringify(node)).sort();
        assert.deepEqual(inOrder(select(field, document)), inOrder(query(document, field)), field);
      }),
      { numRuns: 300 },
    );
  });

  it('slices as Array.slice does, and keeps every step-th item', () => {
    const bound = fc.option(fc.integer({ min: -7, max: 7 }));
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { maxLength: 5 }),
        bound,
        bound,
        fc.integer({ min: 1, max: 3 }),
        (list, start, end, step) => {
          const part = list.slice(start ?? 0, end ?? list.length).filter((_, i) => i % step === 0);
          assert.deepEqual(select(`$[${start ?? ''}:${end ?? ''}:${step}]`, list), part);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('slices backwards as the examples of RFC 9535 do', () => {
    const list = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    assert.deepEqual(select('$[5:1:-2]', list), ['f', 'd']);
    assert.deepEqual(select('$[::-1]', list), list.toReversed());
    assert.deepEqual(select('$[-2::-3]', list), ['f', 'c']);
    assert.deepEqual(select('$[9:-9:-3]', list), ['g', 'd', 'a']);
    assert.deepEqual(select('$[:3:-1]', list), ['g', 'f', 'e']);
  });

  it('has the same id in all its spellings', () => {
    const ids = ['data.x', '$.data.x', '$[\'data\']["x"]', '$ .data ["x"]'].map((field) => {
      const path = pathOf(field);
      return path.kind === 'singular' ? path.id : field;
    });
    assert.equal(new Set(ids).size, 1);
  });
});

describe('a path is refused', () => {
  const cases: [field: string, message: RegExp][] = [
    ['', /not a path/],
    ['a..b', /not a path/],
    ['.a', /not a path/],
    ['a b', /not a path/],
    ['a.*', /not a path/],
    ['$a', /character 2/],
    ['$.a-b', /character 4/],
    ['$[01]', /character 4/],
    ['$.a ', /character 5/],
    ['$["a]', /character/],
    ['$..a', /descendant/],
    ['$.a[?@.b == 1]', /filter selectors/],
    ['$[length(@)]', /functions/],
    [`$[?${'f('.repeat(100)}`, /filter selectors/],
    ['$[9007199254740992]', /out of range/],
    ['$[0:9007199254740992]', /out of range/],
    [`$.${'a'.repeat(511)}`, /at most/],
  ];
  for (const [field, message] of cases) {
    it(`when it is ${field.slice(0, 30) || 'empty'}`, () => {
      const parsed = parsePath(field);
      assert.equal(parsed.kind, 'refused');
      assert.match(parsed.message, message);
    });
  }

  it('not for signs that stand inside quoted names', () => {
    assert.deepEqual(select('$["a?b"][\'c..(d\']["\\"?"]', { 'a?b': { 'c..(d': { '"?': 1 } } }), [1]);
  });
});

describe('a walk over many nodes', () => {
  it('ends when its budget does', () => {
    const wide = Array.from({ length: 50 }, (_, i) => i);
    assert.equal(select('$[*]', wide, 20).length, 20);
    assert.equal(select('$[*]', wide, 50).length, 50);
  });

  it('visits each node once, however often selectors repeat it', () => {
    let nested: unknown = 'core';
    for (let depth = 0; depth < 40; depth++) nested = [nested];
    assert.deepEqual(select(`$${'[*,0,-1]'.repeat(40)}`, nested), ['core']);
  });

  it('stops at the first node that satisfies', () => {
    const budget = { nodes: 100, isCut: false };
    assert.equal(
      someNode(pathOf('$[*]'), [1, 2, 3], budget, (node) => node === 2),
      true,
    );
    assert.equal(budget.nodes, 98);
  });

  it('counts nodes that it selects again, and tests them once', () => {
    const budget = { nodes: 12, isCut: false };
    let tested = 0;
    const test = () => {
      tested++;
      return false;
    };
    assert.equal(someNode(pathOf(`$[${Array(100).fill('*')}]`), [1, 2, 3, 4, 5], budget, test), false);
    assert.deepEqual([tested, budget], [5, { nodes: 0, isCut: true }]);
  });
});

describe('a singular path that is followed', () => {
  it('leads to the node it selects, by steps that lead there too', () => {
    const step = fc.oneof(fc.constantFrom('a', 'b', '0', '1', '[-1]', '[-2]', '[0]'), fc.nat(3).map(String));
    const leaf = fc.oneof(fc.integer(), fc.constant(null));
    const { document } = fc.letrec<{ document: unknown }>((tie) => ({
      document: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('document'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', '0'), tie('document')),
      ),
    }));
    fc.assert(
      fc.property(document, fc.array(step, { maxLength: 4 }), (root, steps) => {
        const text = `$${steps.map((name) => (name.startsWith('[') ? name : `['${name}']`)).join('')}`;
        const path = pathOf(text);
        assert.ok(path.kind === 'singular');
        const { node, steps: taken } = follow(path, root);
        assert.deepEqual(node === undefined ? [] : [node], select(text, root));
        assert.equal(taken.length, steps.length);
        if (node === undefined) return;
        assert.deepEqual(
          taken.reduce<unknown>((from, key) => Object(from)[key], root),
          node,
        );
      }),
      { numRuns: 200 },
    );
  });
});
