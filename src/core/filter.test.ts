import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import {
  compileFilters,
  evaluate,
  FILTER_OPERATORS,
  type FilterOperator,
  type FilterRule,
  type FilterValue,
  type FilterVerdict,
} from './filter.ts';
import { MAX_NODES } from './filter-limits.ts';

const EVENT: unknown = JSON.parse(
  '{"type":"image.pushed","data":{"tag":"v1.4.2","count":12,"ratio":1.0,"ok":true,"none":null,"labels":["prod","eu",7],' +
    '"at":"2026-01-02T03:04:05Z","targets":[{"status":"succeeded"},{"status":"failed"}]}}',
);

const rule = (field: string, operator: FilterOperator, value: FilterValue): FilterRule => ({ field, operator, value });

function judge(rules: readonly FilterRule[], document: unknown): FilterVerdict {
  const compiled = compileFilters(rules);
  assert.equal(compiled.kind, 'compiled', JSON.stringify(compiled));
  return evaluate(compiled.filters, document);
}

function errorsOf(...rules: FilterRule[]): readonly { pointer: string; message: string }[] {
  const compiled = compileFilters(rules);
  assert.equal(compiled.kind, 'refused');
  return compiled.errors;
}

describe('each operator says', () => {
  const cases: [field: string, operator: FilterOperator, value: FilterValue, passes: boolean][] = [
    ['data.tag', 'equals', 'v1.4.2', true],
    ['data.tag', 'equals', 'V1.4.2', false],
    ['data.count', 'equals', 12, true],
    ['data.count', 'equals', '12', false],
    ['data.ratio', 'equals', 1, true],
    ['data.none', 'equals', null, true],
    ['data.missing', 'equals', null, false],
    ['data.ok', 'equals', true, true],
    ['data.tag', 'not_equals', 'v2', true],
    ['data.tag', 'not_equals', 'v1.4.2', false],
    ['data.missing', 'not_equals', 'v2', true],
    ['$.data.targets[*].status', 'equals', 'failed', true],
    ['$.data.targets[*].status', 'not_equals', 'failed', false],
    ['$.data.targets[*].status', 'not_equals', 'running', true],
    ['data.tag', 'in', ['v1', 'v1.4.2'], true],
    ['data.tag', 'in', ['v1', null], false],
    ['data.missing', 'in', ['v1', null], false],
    ['data.tag', 'contains', '.4.', true],
    ['data.tag', 'contains', '.5.', false],
    ['data.labels', 'contains', 'eu', true],
    ['data.labels', 'contains', 'e', false],
    ['data.labels', 'contains', 7, true],
    ['data.labels', 'contains', '7', false],
    ['data.count', 'contains', '1', false],
    ['data.tag', 'matches', '^v\\d+\\.\\d+\\.\\d+$', true],
    ['data.tag', 'matches', '\\.4\\.', true],
    ['data.tag', 'matches', '^1', false],
    ['data.count', 'matches', '^12$', true],
    ['data.ok', 'matches', '^true$', true],
    ['data.none', 'matches', 'null', false],
    ['data.labels', 'matches', 'prod', false],
    ['data.missing', 'matches', '', false],
    ['data.tag', 'exists', true, true],
    ['data.none', 'exists', true, true],
    ['data.missing', 'exists', true, false],
    ['data.missing', 'exists', false, true],
    ['data.tag', 'exists', false, false],
    ['data.count', 'gt', 11, true],
    ['data.count', 'gt', 12, false],
    ['data.count', 'gte', 12, true],
    ['data.count', 'gte', 13, false],
    ['data.count', 'lt', 13, true],
    ['data.count', 'lt', 12, false],
    ['data.count', 'lte', 12, true],
    ['data.count', 'lte', 11, false],
    ['data.count', 'gt', '1', false],
    ['data.none', 'gte', 0, false],
    ['data.at', 'gt', '2026-01-02', true],
    ['data.at', 'lt', '2026-01-02', false],
    ['data.missing', 'lt', 5, false],
    ['data.tag', 'starts_with', 'v1.', true],
    ['data.tag', 'starts_with', '1.', false],
    ['data.tag', 'ends_with', '.2', true],
    ['data.tag', 'ends_with', '.3', false],
    ['data.tag', 'ends_with', 'v1', false],
    ['data.tag', 'starts_with', '.2', false],
    ['data.count', 'ends_with', '2', false],
  ];
  for (const [field, operator, value, passes] of cases) {
    it(`${passes ? 'yes' : 'no'} to ${field} ${operator} ${JSON.stringify(value)}`, () => {
      assert.equal(judge([rule(field, operator, value)], EVENT).kind, passes ? 'pass' : 'fail');
    });
  }

  it('something in the cases above, every one of them', () => {
    assert.deepEqual(new Set(cases.map(([, operator]) => operator)), new Set(FILTER_OPERATORS));
  });
});

describe('a list of filters', () => {
  it('passes when it is empty', () => {
    assert.deepEqual(judge([], EVENT), { kind: 'pass' });
  });

  it('fails with the first rule that says no and what stood there', () => {
    const rules = [
      rule('type', 'equals', 'image.pushed'),
      rule('data.tag', 'equals', 'v2'),
      rule('data.count', 'gt', 99),
    ];
    assert.deepEqual(judge(rules, EVENT), {
      kind: 'fail',
      index: 1,
      field: 'data.tag',
      operator: 'equals',
      actual: 'v1.4.2',
      isCut: false,
    });
  });

  it('shows nothing for a missing node and the first ten of many', () => {
    const missing = judge([rule('data.missing', 'exists', true)], EVENT);
    assert.equal(missing.kind === 'fail' && missing.actual, undefined);
    const many = judge(
      [rule('$[*]', 'equals', 'x')],
      Array.from({ length: 30 }, (_, i) => i),
    );
    assert.deepEqual(many.kind === 'fail' && many.actual, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('passes the value it was made from, and fails any other, for scalars of every kind', () => {
    const scalar = fc.oneof(fc.string({ maxLength: 40 }), fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(scalar, scalar, (actual, wanted) => {
        const verdict = judge([rule('$.data["a"]', 'equals', wanted)], { data: { a: actual } });
        const opposite = judge([rule('data.a', 'not_equals', wanted)], { data: { a: actual } });
        assert.equal(verdict.kind === 'pass', actual === wanted);
        assert.equal(opposite.kind === 'pass', actual !== wanted);
      }),
      { numRuns: 200 },
    );
  });

  it('never throws, whatever the document', () => {
    const compiled = compileFilters(
      FILTER_OPERATORS.map((operator) =>
        rule('$.*', operator, operator === 'exists' ? true : operator === 'in' ? ['a'] : 'a'),
      ),
    );
    assert.equal(compiled.kind, 'compiled');
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (document) => {
        assert.match(evaluate(compiled.filters, document).kind, /^(pass|fail)$/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('filters are refused', () => {
  const cases: [operator: FilterOperator, value: FilterValue, message: RegExp][] = [
    ['equals', ['a'], /use "in"/],
    ['not_equals', ['a'], /rule for each/],
    ['in', 'a', /list/],
    ['in', [], /at least one/],
    ['in', Array.from({ length: 1001 }, (_, i) => i), /at most 1000/],
    ['in', [1, Number.POSITIVE_INFINITY], /finite/],
    ['contains', ['a'], /one value/],
    ['exists', 'true', /true or false/],
    ['gt', true, /number or a text/],
    ['lte', null, /number or a text/],
    ['gte', Number.NaN, /finite/],
    ['starts_with', 1, /takes a text/],
    ['ends_with', ['a'], /takes a text/],
    ['equals', 'x'.repeat(1025), /1024 characters/],
    ['matches', 5, /takes a pattern/],
    ['matches', '(a', /not a valid pattern/],
    ['matches', 'a(?=b)', /not a valid pattern/],
    ['matches', 'a'.repeat(513), /512 characters/],
    ['matches', '(?:a|b).{0,200}c.{0,200}d', /too large/],
  ];
  for (const [operator, value, message] of cases) {
    it(`when ${operator} is given ${(JSON.stringify(value) ?? '').slice(0, 30)}`, () => {
      const errors = errorsOf(rule('data.tag', operator, value));
      assert.deepEqual(
        errors.map((error) => error.pointer),
        ['/filters/0/value'],
      );
      assert.match(errors[0]?.message ?? '', message);
    });
  }

  it('with a pointer to every fault at once', () => {
    const errors = errorsOf(rule('a b', 'equals', 'x'), rule('data.tag', 'equals', 'x'), rule('$..a', 'matches', '('));
    assert.deepEqual(
      errors.map((error) => error.pointer),
      ['/filters/0/field', '/filters/2/field', '/filters/2/value'],
    );
  });

  it('when there are more than fifty', () => {
    const rules = Array.from({ length: 51 }, (_, i) => rule(`data.f${i}`, 'exists', true));
    assert.deepEqual(
      errorsOf(...rules).map((error) => error.pointer),
      ['/filters'],
    );
    assert.equal(compileFilters(rules.slice(1)).kind, 'compiled');
  });

  it('when patterns are too large together, each being small enough', () => {
    const rules = Array.from({ length: 6 }, (_, i) => rule(`data.f${i}`, 'matches', 'a{90}'));
    assert.deepEqual(
      errorsOf(...rules).map((error) => error.pointer),
      ['/filters'],
    );
    assert.equal(compileFilters(rules.slice(1)).kind, 'compiled');
  });

  it('when their patterns are far too large, without being compiled one after the other', (t) => {
    const compile = t.mock.method(RE2JS, 'compile');
    const huge = ['(?i)\\pL{999}', '.{1000}', '(a|b){499}'].map((unit) => unit.repeat(40));
    for (const value of huge) {
      const rules = Array.from({ length: 50 }, (_, i) => rule(`data.f${i}`, 'matches', value));
      assert.match(errorsOf(...rules)[0]?.message ?? '', /too large/);
    }
    assert.equal(compile.mock.callCount(), 0);
    errorsOf(...Array.from({ length: 50 }, (_, i) => rule(`data.f${i}`, 'matches', 'a{400}')));
    assert.equal(compile.mock.callCount(), 2);
  });

  it('when one node would have to equal two values, naming both rules', () => {
    const errors = errorsOf(
      rule('data.env', 'equals', 'a'),
      rule('type', 'equals', 'x'),
      rule('$.data["env"]', 'equals', 'b'),
    );
    assert.deepEqual(
      errors.map((error) => error.pointer),
      ['/filters/2/value'],
    );
    assert.match(errors[0]?.message ?? '', /contradicts filter 0/);
  });

  it('not when several nodes may equal one value each, or the same value is asked for twice', () => {
    const targets = '$.data.targets[*].status';
    const both = [rule(targets, 'equals', 'succeeded'), rule(targets, 'equals', 'failed')];
    assert.equal(judge(both, EVENT).kind, 'pass');
    assert.equal(
      judge([rule('type', 'equals', 'image.pushed'), rule('$.type', 'equals', 'image.pushed')], EVENT).kind,
      'pass',
    );
  });
});

describe('a document larger than the bounds', () => {
  it('is searched in its first 64 Ki characters only', () => {
    const before = 'x'.repeat(65_536 - 1);
    for (const operator of ['matches', 'contains'] as const) {
      assert.equal(judge([rule('a', operator, '!')], { a: `${before}!` }).kind, 'pass');
      assert.equal(judge([rule('a', operator, '!')], { a: `${before} !` }).kind, 'fail');
      assert.equal(judge([rule('$.*', operator, '!')], { a: `${before}x`, b: '!' }).kind, 'fail');
    }
  });

  it('has no end where only the search of it ends', () => {
    const long = 'x'.repeat(65_536);
    assert.equal(judge([rule('$.*', 'matches', '^$')], { a: long, b: 'y' }).kind, 'fail');
    for (const pattern of ['^x+$', 'x\\z', 'x\\b', '(?m)x$', '^\\w+\\b']) {
      assert.equal(judge([rule('a', 'matches', pattern)], { a: `${long}x!x!` }).kind, 'fail', pattern);
      assert.equal(judge([rule('a', 'matches', pattern)], { a: 'xxx' }).kind, 'pass', pattern);
    }
    assert.equal(judge([rule('a', 'matches', '^x+')], { a: `${long}!` }).kind, 'pass');
  });

  it('is compared whole by equals and ends_with', () => {
    const long = `${'x'.repeat(65_536)}end`;
    assert.equal(judge([rule('a', 'ends_with', 'end')], { a: long }).kind, 'pass');
  });

  it('is looked at up to a number of nodes', () => {
    const list = Array.from({ length: MAX_NODES + 1 }, (_, i) => i);
    assert.equal(judge([rule('$[*]', 'equals', MAX_NODES - 1)], list).kind, 'pass');
    assert.equal(judge([rule('$[*]', 'equals', MAX_NODES)], list).kind, 'fail');
  });

  it('is searched in time linear to its length by a pattern that makes backtracking explode', () => {
    assert.equal(judge([rule('a', 'matches', '^(a+)+$')], { a: `${'a'.repeat(25_000)}!` }).kind, 'fail');
  });
});
