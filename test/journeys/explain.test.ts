import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openJourney, publish, subscribe } from '../support/journey.ts';
import { assertProblem } from '../support/problems.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;
const { url } = await journey.receiver();

interface Explanation {
  deliveries: number;
  subscriptions: number;
  results: {
    subscriptionId: string;
    receives: boolean;
    rule: string | null;
    reason: string | null;
    heldReason?: string;
    filter?: unknown;
  }[];
}

async function explain(body: unknown): Promise<Explanation> {
  const { status, data, text } = await hookyard.api<Explanation>('POST', '/api/v1/events/explain', body);
  assert.equal(status, 200, text);
  return data;
}

test('each subscription says what it would do, those that would get it first, and nothing is stored', async () => {
  const filters = [{ field: 'data.tag', operator: 'equals', value: 'v2' }];
  const byType = await subscribe(hookyard, url, { events: ['other.*'] });
  const byOwner = await subscribe(hookyard, url, { owner: 'org:70' });
  const byFilter = await subscribe(hookyard, url, { filters });
  const unfound = await subscribe(hookyard, url, { filters: [{ ...filters[0], field: 'data.none' }] });
  const paused = await subscribe(hookyard, url);
  await hookyard.api('POST', `/api/v1/webhook-subscriptions/${paused}/pause`);
  const wanting = await subscribe(hookyard, url, { owner: 'org:7' });
  const event = { type: 'made.up', data: { tag: 'v1' }, owner: 'org:7/repo:42' };
  const { deliveries, subscriptions, results } = await explain(event);
  assert.deepEqual([deliveries, subscriptions], [2, 6]);
  const said = new Map(results.map((result) => [result.subscriptionId, result]));
  assert.deepEqual(
    results.map(({ receives }) => receives),
    [true, true, false, false, false, false],
  );
  assert.equal(said.get(paused)?.heldReason, 'paused');
  assert.deepEqual([said.get(wanting)?.receives, said.get(wanting)?.heldReason], [true, null]);
  assert.deepEqual(
    [byType, byOwner, byFilter].map((id) => said.get(id)?.rule),
    ['type', 'owner', 'filter'],
  );
  assert.deepEqual(said.get(byFilter)?.filter, { index: 0, ...filters[0], found: true, actual: 'v1' });
  assert.deepEqual(said.get(unfound)?.filter, { index: 0, ...filters[0], field: 'data.none', found: false });
  assert.equal(said.get(unfound)?.reason, 'Filter 0 (data.none equals) does not hold: nothing stands there.');
  assert.deepEqual((await hookyard.api('GET', '/api/v1/events')).data, []);
  assert.equal((await publish(hookyard, event.type, event.data, { owner: event.owner })).deliveries, 2);
});

test('a filter says where what stands there is too long for it', async () => {
  const filters = [{ field: 'data.log', operator: 'matches', value: 'x.{200}y' }];
  const id = await subscribe(hookyard, url, { filters });
  const said = async (length: number) => {
    const { results } = await explain({ type: 'made.up', data: { log: 'z'.repeat(length) } });
    return results.find(({ subscriptionId }) => subscriptionId === id)?.reason;
  };
  assert.equal(await said(1000), 'Filter 0 (data.log matches) does not hold.');
  assert.match(`${await said(10_000)}`, /too long for this filter: it looks at the first [45]\d{3} characters/);
});

test('what could not be published cannot be explained', async () => {
  const refused = await hookyard.api('POST', '/api/v1/events/explain', { type: 'two words', data: 1, more: 2 });
  assertProblem(refused, 'validation_failed');
  assert.deepEqual(
    refused.problem.errors?.map(({ pointer }) => pointer),
    ['/type', '/more'],
  );
});
