import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { type CompiledFilters, compileFilters, evaluate, type FilterRule, type FilterVerdict } from './filter.ts';
import { MAX_NODES, MAX_SEARCH_STEPS, stepsAtWorst } from './filter-limits.ts';

const matching = (value: string, field = 'data'): FilterRule => ({ field, operator: 'matches', value });
const containing = (value: string, field = 'data'): FilterRule => ({ field, operator: 'contains', value });

function compiled(...rules: readonly FilterRule[]): CompiledFilters {
  const outcome = compileFilters(rules);
  assert.ok(outcome.kind === 'compiled', JSON.stringify(outcome));
  return outcome.filters;
}

const charactersOf = (...rules: readonly FilterRule[]) =>
  compiled(...rules).rules.map(({ limits }) => limits.characters);
const isCut = (verdict: FilterVerdict) => verdict.kind === 'fail' && verdict.isCut;
const WORST = 'x.{230}[^xy]|y.{230}[^xy]';

describe('a pattern', () => {
  test('searches the fewer characters the larger it is', () => {
    const [small, middle, large] = ['ab', 'v2.{20}x', WORST].map((value) => charactersOf(matching(value))[0] ?? 0);
    assert.equal(small, 65_536);
    assert.ok(middle !== undefined && middle > 10_000 && middle < 65_536, `${middle}`);
    assert.ok(large !== undefined && large > 2000 && large < 2400, `${large}`);
  });

  test('says where the text was too long for it, and only there', () => {
    const filters = compiled(matching('x.{100}z'));
    const characters = filters.rules[0]?.limits.characters ?? 0;
    const text = (length: number) => ({ data: `${'y'.repeat(length - 1)}z` });
    assert.equal(isCut(evaluate(filters, text(characters))), false);
    assert.equal(isCut(evaluate(filters, text(characters + 1))), true);
    const texts = { data: ['y'.repeat(characters), 'z'] };
    assert.equal(isCut(evaluate(compiled(matching('x.{100}z', '$.data[*]')), texts)), true);
  });

  test('searches a long text as far as it may where it only names what else means an end', () => {
    const long = `$5 \\b ${'x'.repeat(65_536)}`;
    const named = ['\\$[0-9]', '[$]5', '[^]$]', '[]$]5', '[[:digit:]$]', '[\\]$]5', '\\\\b', '\\Q$5\\E', '\\Q$5'];
    for (const pattern of named)
      assert.equal(evaluate(compiled(matching(pattern)), { data: long }).kind, 'pass', pattern);
    const asked = ['[$]5|x$', '\\$5|\\\\$', '[[]|5$|[]]|\\$', '\\Q[\\E|$|]', '\\Q\\\\E|5|$', '\\b5', '\\$|x\\z'];
    for (const pattern of asked)
      assert.equal(evaluate(compiled(matching(pattern)), { data: long }).kind, 'fail', pattern);
  });

  test('finds in its machine of little memory what it finds in one of much', () => {
    const patterns = [
      '',
      'a',
      'ab|b.a',
      '^a+b$',
      '\\bab\\b',
      '(?i)A.{3}b',
      '[^a]{2}c',
      'a{2,3}b?c',
      '\\pL.\\d',
      '(?s)a.b',
    ];
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '1', '\n', 'é', '😀'), maxLength: 30 });
    fc.assert(
      fc.property(fc.constantFrom(...patterns), text, (pattern, data) => {
        const found = evaluate(compiled(matching(pattern)), { data }).kind === 'pass';
        assert.equal(found, RE2JS.compile(pattern).test(data), `${pattern} in ${JSON.stringify(data)}`);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a list of rules', () => {
  test('takes no more than one of them, whatever its patterns and values are', () => {
    const alone = stepsAtWorst(compiled(matching(WORST)).rules, 10_000_000);
    const patterns = Array.from({ length: 5 }, (_, at) => matching('x.{90}[^x]', `data.f${at}`));
    assert.ok(alone <= 1.1 * MAX_SEARCH_STEPS);
    assert.ok(stepsAtWorst(compiled(...patterns).rules, 10_000_000) <= 1.1 * MAX_SEARCH_STEPS);
    const values = Array.from({ length: 50 }, (_, at) => containing('x'.repeat(1024), `data.f${at}`));
    assert.ok(stepsAtWorst(compiled(...values).rules, 10_000_000) <= 1.1 * MAX_SEARCH_STEPS);
    const walks = Array.from({ length: 50 }, (_, at) => matching('x', `$.data[*].f${at}`));
    assert.ok(stepsAtWorst(compiled(...walks).rules, 10_000_000) <= 2.5 * MAX_SEARCH_STEPS);
  });

  const PATTERN = '(?i)\\b(release|releases|no-release)\\b.{0,9}(skip|deploy)';
  const upTo = (length: number) => `${'y '.repeat(length / 2 - 9)}release deploy`;

  test('searches an ordinary text with an ordinary pattern, also six times', () => {
    const six = Array.from({ length: 6 }, (_, at) => matching(PATTERN, `data.f${at}`));
    const texts = Object.fromEntries(six.map((_, at) => [`f${at}`, upTo(2000)]));
    assert.equal(evaluate(compiled(...six), { data: texts }).kind, 'pass');
    assert.equal(evaluate(compiled(matching(PATTERN)), { data: upTo(18_000) }).kind, 'pass');
  });

  test('leaves each pattern its own steps, whatever those before it take', () => {
    const filters = compiled(matching('x.{200}z|y', 'data.long'), matching(PATTERN, 'data.short'));
    const long = `y${'x'.repeat(100_000)}`;
    assert.equal(evaluate(filters, { data: { long, short: upTo(900) } }).kind, 'pass');
    assert.equal(isCut(evaluate(filters, { data: { long, short: upTo(1000) } })), true);
    assert.equal(evaluate(filters, { data: { long: 'y', short: upTo(1000) } }).kind, 'pass');
  });

  test('takes little for a small document', () => {
    const rules = Array.from({ length: 50 }, (_, at) => matching('^v[0-9]+$', `data.f${at}`));
    assert.ok(stepsAtWorst(compiled(...rules).rules, 300) < MAX_SEARCH_STEPS);
    assert.ok(stepsAtWorst(compiled(containing('eu')).rules, 300) < 30);
    assert.equal(stepsAtWorst([], 10_000_000), 0);
  });

  test('lets each "contains" search all, whatever pattern stands beside it', () => {
    assert.deepEqual(charactersOf(matching(WORST), containing('error')).slice(1), [65_536]);
    const [long] = charactersOf(containing('x'.repeat(1024)));
    assert.ok(long !== undefined && long > 10_000 && long < 65_536);
  });

  test('shares the nodes that its paths visit, and says where they were too many', () => {
    const walks = (count: number) => Array.from({ length: count }, (_, at) => containing('x', `$.data[*].f${at}`));
    const nodesOf = (count: number) => compiled(...walks(count)).rules[0]?.limits.nodes;
    assert.deepEqual([nodesOf(1), nodesOf(5), nodesOf(50)], [MAX_NODES, MAX_NODES, 1000]);
    const list = (length: number) => ({ data: Array(length).fill('y') });
    const filters = compiled(containing('x', '$.data[*]'));
    assert.equal(isCut(evaluate(filters, list(MAX_NODES - 1))), false);
    assert.equal(isCut(evaluate(filters, list(MAX_NODES + 1))), true);
  });
});
