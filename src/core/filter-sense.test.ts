import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileFilters, compileSaved, evaluate, type FilterRule } from './filter.ts';
import type { FilterOperator, FilterValue } from './filter-operator.ts';
import { FILTER_ROOTS } from './match.ts';

function rule(field: string, operator: FilterOperator, value: FilterValue): FilterRule {
  return { field, operator, value };
}

function errorsOf(rules: readonly FilterRule[], roots: readonly string[] | null = null) {
  const compiled = compileFilters(rules, roots);
  return compiled.kind === 'refused' ? compiled.errors : [];
}

function pointers(rules: readonly FilterRule[], roots: readonly string[] | null = null): string[] {
  return errorsOf(rules, roots).map(({ pointer }) => pointer);
}

describe('a path that begins where an event has nothing', () => {
  const WRONG: readonly [field: string, meant: string][] = [
    ['environment.name', 'data.environment.name'],
    ['owner', 'data.owner'],
    ['type', 'event'],
    ['$.type', '$.event'],
    ['$.tag', '$.data.tag'],
    ["$['tag'].name", "$.data['tag'].name"],
    ['$[0]', '$.data[0]'],
    ["$['x','y'].name", "$.data['x','y'].name"],
    ['$[1:2].a[*]', '$.data[1:2].a[*]'],
  ];
  for (const [field, meant] of WRONG) {
    test(`is refused and told from the one that is meant: ${field}`, () => {
      const [error, ...more] = errorsOf([rule('data.a', 'exists', true), rule(field, 'exists', true)], FILTER_ROOTS);
      assert.deepEqual([error?.pointer, more], ['/filters/1/field', []]);
      assert.ok(error?.message.endsWith(`did you mean ${meant}?`), `${error?.message}`);
      assert.deepEqual(pointers([rule(field, 'exists', true)]), [], 'of other documents the top is not known');
    });
  }

  test('is told beside what is wrong with the other rules, each at its own place', () => {
    const rules = [rule('$..a', 'exists', true), rule('owner', 'exists', true), rule('data.a', 'equals', 2 ** 53)];
    assert.deepEqual(pointers(rules, FILTER_ROOTS).sort(), [
      '/filters/0/field',
      '/filters/1/field',
      '/filters/2/value',
    ]);
  });

  test('is none of the members that it has, by whichever path', () => {
    const fields = [
      'id',
      '$.timestamp',
      'event',
      'tenantId',
      'data',
      'data.x',
      "$['data'].x",
      '$.*',
      '$[*].x',
      'tags',
      '$',
    ];
    const more = ["$['x','data']"];
    assert.deepEqual(
      pointers(
        [...fields, ...more].map((field) => rule(field, 'exists', true)),
        FILTER_ROOTS,
      ),
      [],
    );
  });
});

describe('a whole number that JSON cannot tell from its neighbours', () => {
  test('is refused, in a list too', () => {
    const large: FilterValue[] = [2 ** 53, -(2 ** 53), 1e300, [1, 2 ** 53]];
    for (const value of large) {
      const operator = Array.isArray(value) ? 'in' : 'equals';
      assert.deepEqual(pointers([rule('a', operator, value)]), ['/filters/0/value'], `${value}`);
    }
  });

  test('is none below 2^53, with a fraction or as a text', () => {
    const small: FilterValue[] = [2 ** 53 - 1, -(2 ** 53 - 1), 0.1, 1e15 + 0.5, '9007199254740993'];
    for (const value of small) assert.deepEqual(pointers([rule('a', 'equals', value)]), [], `${value}`);
  });
});

describe('two rules on one node', () => {
  const CONTRADICT: readonly [FilterRule, FilterRule][] = [
    [rule('a', 'equals', 1), rule('a', 'equals', 2)],
    [rule('a', 'equals', 1), rule('$.a', 'not_equals', 1)],
    [rule('a', 'equals', 1), rule('a', 'in', [2, 3])],
    [rule('a', 'in', [1, 2]), rule('a', 'in', [3])],
    [rule('a', 'in', [1, 2]), rule('a', 'gt', 2)],
    [rule('a', 'equals', 'x'), rule('a', 'starts_with', 'y')],
    [rule('a', 'equals', '1'), rule('a', 'gt', 0)],
    [rule('a', 'exists', false), rule('a', 'exists', true)],
    [rule('a', 'exists', false), rule('a', 'equals', null)],
    [rule('a', 'exists', false), rule('a', 'matches', 'x')],
    [rule('a', 'gt', 5), rule('a', 'lt', 5)],
    [rule('a', 'gte', 5), rule('a', 'lt', 5)],
    [rule('a', 'gt', 5), rule('a', 'lte', 5)],
    [rule('a', 'gte', 6), rule('a', 'lte', 5)],
    [rule('a', 'gt', 'b'), rule('a', 'lt', 'a')],
    [rule('a', 'gt', 5), rule('a', 'lt', '9')],
  ];
  for (const [first, second] of CONTRADICT) {
    const words = ({ operator, value }: FilterRule) => `${operator} ${JSON.stringify(value)}`;
    test(`are refused where no value passes both: ${words(first)} and ${words(second)}`, () => {
      for (const rules of [
        [first, second],
        [second, first],
      ]) {
        const [error, ...more] = errorsOf(rules);
        assert.deepEqual([error?.pointer, more], ['/filters/1/value', []]);
        assert.match(error?.message ?? '', /^contradicts filter 0: /);
      }
    });
  }

  const AGREE: readonly [first: FilterRule, second: FilterRule, document: object][] = [
    [rule('a', 'gte', 5), rule('a', 'lte', 5), { a: 5 }],
    [rule('a', 'gt', 'a'), rule('a', 'lt', 'b'), { a: 'aa' }],
    [rule('a', 'gt', 4), rule('a', 'gt', 5), { a: 6 }],
    [rule('a', 'equals', 1), rule('a', 'not_equals', 2), { a: 1 }],
    [rule('a', 'in', [1, 2]), rule('a', 'in', [2, 3]), { a: 2 }],
    [rule('a', 'exists', false), rule('a', 'not_equals', 1), {}],
    [rule('a', 'exists', true), rule('a', 'equals', null), { a: null }],
    [rule('a', 'equals', 'xy'), rule('a', 'matches', '^x'), { a: 'xy' }],
    [rule('a', 'contains', 1), rule('a', 'contains', 2), { a: [1, 2] }],
    [rule('$.a[*]', 'gt', 5), rule('$.a[*]', 'lt', 5), { a: [4, 6] }],
    [rule('a', 'gt', 5), rule('b', 'lt', 5), { a: 6, b: 4 }],
  ];
  for (const [first, second, document] of AGREE) {
    test(`are kept where a document passes both: ${JSON.stringify(document)}`, () => {
      const compiled = compileFilters([first, second]);
      assert.ok(compiled.kind === 'compiled');
      assert.equal(evaluate(compiled.filters, document).kind, 'pass');
    });
  }
});

test('rules that were saved before they would have been refused are evaluated as they are', () => {
  const saved = [rule('a', 'gt', 5), rule('a', 'lt', 5), rule('b', 'equals', 2 ** 53)];
  assert.deepEqual(evaluate(compileSaved(saved), { a: 5, b: 2 ** 53 }), {
    kind: 'fail',
    index: 0,
    field: 'a',
    operator: 'gt',
    actual: 5,
    isCut: false,
  });
  assert.throws(() => compileSaved([rule('$..a', 'equals', 1)]), /does not compile/);
});
