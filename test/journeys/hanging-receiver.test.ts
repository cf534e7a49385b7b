import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { openJourney, publish, subscribe } from '../support/journey.ts';

const EVENTS = 200;
const MAX_CONCURRENCY = 8;

const journey = await openJourney();
after(journey.close);

test('one receiver that never answers holds up nobody else', async () => {
  const { hookyard } = journey;
  const hanging = await journey.receiver({ kind: 'hang' });
  const healthy = await journey.receiver();
  await subscribe(hookyard, hanging.url, { timeout: 60_000, maxConcurrency: MAX_CONCURRENCY });
  await subscribe(hookyard, healthy.url);
  for (let n = 0; n < EVENTS; n++) {
    const { deliveries } = await publish(hookyard, 'release.created', { n });
    assert.equal(deliveries, 2);
  }
  await healthy.waitFor((requests) => requests.length >= EVENTS);
  const numbers = new Set(healthy.requests.map(({ rawBody }) => JSON.parse(rawBody.toString()).data.n));
  assert.equal(numbers.size, EVENTS, 'each event reached the healthy receiver');
  await eventually(
    'the hanging one to have its own limit in flight and no more',
    () => hanging.requests.length === MAX_CONCURRENCY || null,
  );
});
