import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FILTER_OPERATORS, type FilterRule } from '../../src/core/filter.ts';
import { openJourney, publish, subscribe } from '../support/journey.ts';
import { assertProblem } from '../support/problems.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;

const DATA = {
  environment: { name: 'production' },
  tag: 'v1.4.2',
  count: 12,
  ok: true,
  none: null,
  labels: ['stable', 'eu'],
  targets: [{ status: 'succeeded' }, { status: 'failed' }],
};

/** Filters that let the event pass, and filters that do not; those that do not are the others' opposites. */
const PASS: readonly FilterRule[] = [
  { field: 'data.environment.name', operator: 'equals', value: 'production' },
  { field: 'data.none', operator: 'equals', value: null },
  { field: '$.data.targets[*].status', operator: 'equals', value: 'failed' },
  { field: 'data.targets.1.status', operator: 'equals', value: 'failed' },
  { field: "$['data']['tag']", operator: 'not_equals', value: 'v2' },
  { field: 'data.missing', operator: 'not_equals', value: 'v2' },
  { field: 'data.environment.name', operator: 'in', value: ['staging', 'production'] },
  { field: 'data.labels', operator: 'contains', value: 'eu' },
  { field: 'data.tag', operator: 'contains', value: '.4.' },
  { field: 'tags', operator: 'contains', value: 'nightly' },
  { field: 'event', operator: 'starts_with', value: 'filtered.' },
  { field: 'data.tag', operator: 'ends_with', value: '.2' },
  { field: 'data.tag', operator: 'matches', value: '^v\\d+\\.\\d+\\.\\d+$' },
  { field: 'data.none', operator: 'exists', value: true },
  { field: 'data.missing', operator: 'exists', value: false },
  { field: 'data.count', operator: 'gt', value: 11 },
  { field: 'data.count', operator: 'gte', value: 12 },
  { field: 'timestamp', operator: 'lt', value: '2999' },
  { field: 'data.count', operator: 'lte', value: 12 },
];
const FAIL: readonly FilterRule[] = [
  { field: 'data.environment.name', operator: 'equals', value: 'Production' },
  { field: 'data.count', operator: 'equals', value: '12' },
  { field: 'data.missing', operator: 'equals', value: null },
  { field: '$.data.targets[*].status', operator: 'not_equals', value: 'failed' },
  { field: 'data.environment.name', operator: 'in', value: ['staging', null] },
  { field: 'data.labels', operator: 'contains', value: 'e' },
  { field: '$.tags', operator: 'contains', value: 'night' },
  { field: 'data.count', operator: 'starts_with', value: '1' },
  { field: 'data.tag', operator: 'ends_with', value: '.3' },
  { field: 'data.labels', operator: 'matches', value: 'eu' },
  { field: 'data.tag', operator: 'exists', value: false },
  { field: 'data.count', operator: 'gt', value: '1' },
  { field: 'data.none', operator: 'gte', value: 0 },
  { field: 'data.count', operator: 'lt', value: 12 },
  { field: 'data.missing', operator: 'lte', value: 5 },
];

test('an event goes to the subscriptions whose filters it passes, and to no other', async () => {
  const receiver = await journey.receiver();
  for (const [word, rules] of [
    ['pass', PASS],
    ['fail', FAIL],
  ] as const) {
    assert.deepEqual(new Set(rules.map(({ operator }) => operator)), new Set(FILTER_OPERATORS), word);
    for (const [at, rule] of rules.entries()) {
      await subscribe(hookyard, `${receiver.url}/${word}/${at}`, { events: ['filtered.once'], filters: [rule] });
    }
  }
  await subscribe(hookyard, `${receiver.url}/pass/all`, { events: ['filtered.once'], filters: PASS.slice(3) });
  await subscribe(hookyard, `${receiver.url}/fail/one`, {
    events: ['filtered.once'],
    filters: [...PASS.slice(3), ...FAIL.slice(3, 4)].slice(1),
  });
  const { deliveries } = await publish(hookyard, 'filtered.once', DATA, { tags: ['nightly'] });
  assert.equal(deliveries, PASS.length + 1);
  await receiver.waitFor((requests) => requests.length === deliveries);
  const expected = [...PASS.keys(), 'all'].map((at) => `/pass/${at}`);
  assert.deepEqual(receiver.requests.map(({ path }) => path).sort(), expected.sort());
});

const REFUSED: readonly [rule: object, pointer: string][] = [
  [{ field: 'data..a', operator: 'exists', value: true }, '/filters/1/field'],
  [{ field: '$.data[', operator: 'exists', value: true }, '/filters/1/field'],
  [{ field: '$..a', operator: 'exists', value: true }, '/filters/1/field'],
  [{ field: '$.a[?@.b == 1]', operator: 'exists', value: true }, '/filters/1/field'],
  [{ field: 'x'.repeat(513), operator: 'exists', value: true }, '/filters/1/field'],
  [{ field: 'data.a', operator: 'matches', value: '(' }, '/filters/1/value'],
  [{ field: 'data.a', operator: 'matches', value: '(?=a)b' }, '/filters/1/value'],
  [{ field: 'data.a', operator: 'matches', value: '(a)\\1' }, '/filters/1/value'],
  [{ field: 'data.a', operator: 'matches', value: '(a{1,1000}){1,1000}' }, '/filters/1/value'],
  [{ field: 'data.a', operator: 'in', value: [] }, '/filters/1/value'],
  [{ field: 'data.a', operator: 'gt', value: true }, '/filters/1/value'],
  [{ field: 'data.a', operator: 'equals', value: { b: 1 } }, '/filters/1/value'],
  [{ field: 'data.a', operator: 'exists' }, '/filters/1/value'],
  [{ field: 'data.a', operator: 'is', value: 1 }, '/filters/1/operator'],
  [{ field: 'data.a', operator: 'exists', value: true, not: true }, '/filters/1/not'],
  [{ field: 'data.tag', operator: 'equals', value: 'b' }, '/filters/1/value'],
];

test('a wrong path, pattern or value is refused when it is saved, at its place, by POST and by PATCH', async () => {
  const receiver = await journey.receiver();
  const fine = { field: 'data.tag', operator: 'equals', value: 'a' };
  const id = await subscribe(hookyard, receiver.url, { events: ['never.sent'] });
  for (const [rule, pointer] of REFUSED) {
    const filters = [fine, rule];
    const fields = { name: 'n', url: receiver.url, filters };
    for (const refused of [
      await hookyard.api('POST', '/api/v1/webhook-subscriptions', fields),
      await hookyard.api('PATCH', `/api/v1/webhook-subscriptions/${id}`, { filters }),
    ]) {
      assertProblem(refused, 'validation_failed');
      assert.deepEqual(
        refused.problem.errors?.map((error) => error.pointer),
        [pointer],
        JSON.stringify(rule),
      );
    }
  }
});
