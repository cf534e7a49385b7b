import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CompiledFilters, compileSaved, evaluate, type FilterRule } from './filter.ts';
import { MAX_NODES, MAX_SEARCH_STEPS } from './filter-limits.ts';
import { refusalsOf } from './source-filters.ts';

function rule(field: string, operator: FilterRule['operator'], value: FilterRule['value']): FilterRule {
  return { field, operator, value };
}

function filters(...rules: FilterRule[]): CompiledFilters {
  return compileSaved(rules);
}

/** Which facts are refused, by their place. */
function refused(facts: readonly object[], payload: unknown, ...rules: FilterRule[]): number[] {
  return refusalsOf(facts, payload, filters(...rules)).flatMap((one, at) => (one === null ? [] : [at]));
}

/** Takes long, as one pattern of a list may: its cost is most of what all may have. */
const COSTLY = '[ab]*a[ab]{200}[cd]';

describe('rules of a source', () => {
  const facts = [{ tag: 'v1', digest: null }, { tag: 'main', digest: 'x' }, { tag: null }];

  test('say of each fact what they would say of it with the body beside', () => {
    const payloads = [{ x: 'v1', tag: 'main', list: ['x', { x: 1 }] }, ['v1', { x: null }], 'x', null, undefined];
    const fields = ['tag', 'body.x', '$', '$.*', '$[*].x', '$.*.*', "$['body','tag']", "$['tag','digest']", '$[0]'];
    const values = ['v1', 'x', 'main', null, 1];
    for (const payload of payloads) {
      for (const field of fields) {
        for (const value of values) {
          for (const operator of ['equals', 'not_equals'] as const) {
            const asked = rule(field, operator, value);
            const documents = facts.map((fact) => (payload === undefined ? fact : { ...fact, body: payload }));
            const expected = documents.flatMap((document, at) =>
              evaluate(filters(asked), document).kind === 'pass' ? [] : [at],
            );
            assert.deepEqual(refused(facts, payload, asked), expected, JSON.stringify([asked, payload]));
          }
        }
      }
    }
  });

  test('name the first that says no', () => {
    const two = filters(rule('tag', 'exists', true), rule('tag', 'equals', 'v1'));
    const [none, second] = refusalsOf(facts, {}, two);
    assert.deepEqual([none, second?.index, second?.rule.operator], [null, 1, 'equals']);
  });
});

describe('a body that a thousand facts share', () => {
  const facts = Array.from({ length: 1000 }, (_, at) => ({ tag: `v${at}` }));

  for (const field of ['$.body.x', 'body.x', '$.*.x', "$['body','other'].x", '$[*][*]', '$.body[*]']) {
    test(`is looked at once by ${field}`, () => {
      let looks = 0;
      const payload = {
        get x() {
          looks++;
          return 'no';
        },
      };
      assert.equal(refused(facts, payload, rule(field, 'equals', 'yes')).length, facts.length);
      assert.equal(looks, 1);
    });
  }

  test('is not looked at by rules on facts', () => {
    const body = new Proxy({}, { get: () => assert.fail(), ownKeys: () => assert.fail() });
    assert.deepEqual(refused(facts.slice(0, 2), body, rule("$['tag','digest']", 'equals', 'v1')), [0]);
  });

  test('is looked at up to a number of nodes, and the verdict says so', () => {
    const payload = Array(MAX_NODES + 1).fill(0);
    const [one] = refusalsOf(facts, payload, filters(rule('$.body[*]', 'equals', 1)));
    assert.equal(one?.isSpent, true);
    const [other] = refusalsOf(facts, payload.slice(3), filters(rule('$.body[*]', 'equals', 1)));
    assert.equal(other?.isSpent, false);
  });
});

describe('the texts of a thousand facts', () => {
  const facts = Array.from({ length: 1000 }, () => ({ subject: 'ab'.repeat(64) }));

  test('are searched by costly patterns no further than two large texts would be', () => {
    const costly = filters(rule('subject', 'matches', COSTLY));
    let searched = 0;
    const watched = costly.rules.map((one) => {
      const holdsFor: typeof one.condition.holdsFor = (node, budget) => {
        const before = budget.characters;
        const holds = one.condition.holdsFor(node, budget);
        searched += before - budget.characters;
        return holds;
      };
      return { ...one, condition: { ...one.condition, holdsFor } };
    });
    const refusals = refusalsOf(facts, {}, { rules: watched });
    const cost = costly.rules[0]?.condition.cost ?? 0;
    assert.ok(cost > 200, `${cost}`);
    assert.ok(searched > 0 && searched * cost <= 2 * MAX_SEARCH_STEPS, `${searched}`);
    assert.deepEqual([refusals[0]?.isSpent, refusals.at(-1)?.isSpent], [false, true]);
  });

  test('are all searched by ordinary patterns', () => {
    const ordinary = [
      rule('subject', 'matches', '(ab)+$'),
      rule('subject', 'matches', '^ab'),
      rule('subject', 'contains', 'ba'),
    ];
    assert.deepEqual(refused(facts, {}, ...ordinary), []);
  });
});
