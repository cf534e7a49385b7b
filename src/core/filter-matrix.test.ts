/** Every operator against every type of value, in the rule and in the document. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileFilters, evaluate, FILTER_OPERATORS, type FilterOperator, type FilterValue } from './filter.ts';

/** What stands in the document; `missing` does not. */
const NODES = {
  text: 'b',
  number: 5,
  true: true,
  null: null,
  list: ['b', 5],
  object: { b: 5 },
} as const;
type Node = keyof typeof NODES | 'missing';
const ALL = [...(Object.keys(NODES) as Node[]), 'missing'] as const;
const allBut = (...nodes: readonly Node[]): readonly Node[] => ALL.filter((node) => !nodes.includes(node));

/** Which nodes satisfy a rule; every other one does not. */
const PASSING: readonly [operator: FilterOperator, value: FilterValue, nodes: readonly Node[]][] = [
  ['equals', 'b', ['text']],
  ['equals', 5, ['number']],
  ['equals', true, ['true']],
  ['equals', null, ['null']],
  ['equals', '5', []],
  ['equals', 'true', []],
  ['not_equals', 'b', allBut('text')],
  ['not_equals', 5, allBut('number')],
  ['not_equals', true, allBut('true')],
  ['not_equals', null, allBut('null')],
  ['in', ['b', 5], ['text', 'number']],
  ['in', [true, null], ['true', 'null']],
  ['in', ['5'], []],
  ['contains', 'b', ['text', 'list']],
  ['contains', 5, ['list']],
  ['contains', '5', []],
  ['contains', true, []],
  ['contains', null, []],
  ['matches', '^b$', ['text']],
  ['matches', '^5$', ['number']],
  ['matches', '^true$', ['true']],
  ['matches', '', ['text', 'number', 'true']],
  ['exists', true, allBut('missing')],
  ['exists', false, ['missing']],
  ['gt', 4, ['number']],
  ['gt', 5, []],
  ['gt', 'a', ['text']],
  ['gt', 'b', []],
  ['gte', 5, ['number']],
  ['gte', 6, []],
  ['gte', 'b', ['text']],
  ['lt', 6, ['number']],
  ['lt', 5, []],
  ['lt', 'c', ['text']],
  ['lte', 5, ['number']],
  ['lte', 4, []],
  ['lte', 'b', ['text']],
  ['starts_with', 'b', ['text']],
  ['starts_with', '5', []],
  ['ends_with', 'b', ['text']],
  ['ends_with', '5', []],
];

const VALUES = { text: 'b', number: 5, boolean: true, null: null, list: ['b'], 'empty list': [] } as const;
type ValueKind = keyof typeof VALUES;
const SCALARS: readonly ValueKind[] = ['text', 'number', 'boolean', 'null'];
const ORDERED: readonly ValueKind[] = ['text', 'number'];

/** Which types of value an operator takes; every other one is refused. */
const TAKEN: Readonly<Record<FilterOperator, readonly ValueKind[]>> = {
  equals: SCALARS,
  not_equals: SCALARS,
  in: ['list'],
  contains: SCALARS,
  matches: ['text'],
  exists: ['boolean'],
  gt: ORDERED,
  gte: ORDERED,
  lt: ORDERED,
  lte: ORDERED,
  starts_with: ['text'],
  ends_with: ['text'],
};

function passes(field: string, operator: FilterOperator, value: FilterValue, node: Node): boolean {
  const compiled = compileFilters([{ field, operator, value }]);
  assert.ok(compiled.kind === 'compiled', JSON.stringify(compiled));
  const data = node === 'missing' ? {} : { a: NODES[node] };
  return evaluate(compiled.filters, { data }).kind === 'pass';
}

describe('an operator', () => {
  for (const [operator, value, nodes] of PASSING) {
    test(`${operator} ${JSON.stringify(value)} passes ${nodes.join(', ') || 'nothing'}`, () => {
      for (const field of ['data.a', '$.data.a', "$['data']['a']"]) {
        const passed = ALL.filter((node) => passes(field, operator, value, node));
        assert.deepEqual([...passed].sort(), [...nodes].sort(), field);
      }
    });
  }

  for (const operator of FILTER_OPERATORS) {
    test(`${operator} takes ${TAKEN[operator].join(', ')} and has every other value refused at its place`, () => {
      assert.ok(PASSING.some(([named]) => named === operator));
      for (const kind of Object.keys(VALUES) as ValueKind[]) {
        const rules = [
          { field: 'data.fine', operator: 'exists', value: true } as const,
          { field: 'data.a', operator, value: VALUES[kind] },
        ];
        const compiled = compileFilters(rules);
        if (TAKEN[operator].includes(kind)) assert.equal(compiled.kind, 'compiled', kind);
        else
          assert.deepEqual(compiled.kind === 'refused' && compiled.errors.map(({ pointer }) => pointer), [
            '/filters/1/value',
          ]);
      }
    });
  }
});
