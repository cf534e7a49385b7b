import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openJourney, publish, subscribe } from '../support/journey.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;

/** Owners of subscriptions, and the places whose events they get. */
const OWNERS: readonly [owner: string | null, gets: readonly string[]][] = [
  ['org:7', ['org:7', 'org:7/repo:42', 'org:7/repo:4', 'org:7/team:1/repo:42']],
  ['org:70', ['org:70', 'org:70/repo:42']],
  ['org:7/repo:42', ['org:7/repo:42']],
  ['repo:42', ['repo:42', 'org:7/repo:42', 'org:70/repo:42', 'org:7/team:1/repo:42']],
  ['repo:4', ['org:7/repo:4']],
  ['team:1/repo:42', ['org:7/team:1/repo:42']],
  ['org:8', []],
];
const PLACES = [
  'org:7',
  'org:70',
  'repo:42',
  'org:7/repo:42',
  'org:7/repo:4',
  'org:70/repo:42',
  'org:7/team:1/repo:42',
] as const;

test('a subscription gets the events of its owner path and of what is below it, and one without an owner all', async () => {
  const receivers = new Map<string, Awaited<ReturnType<typeof journey.receiver>>>();
  for (const [owner] of [...OWNERS, [null] as const]) {
    const receiver = await journey.receiver();
    await subscribe(hookyard, receiver.url, { name: `of ${owner}`, events: ['at.place'], owner });
    receivers.set(`${owner}`, receiver);
  }
  for (const owner of PLACES) {
    const wanted = OWNERS.filter(([, gets]) => gets.includes(owner)).length + 1;
    assert.equal((await publish(hookyard, 'at.place', { owner }, { owner })).deliveries, wanted, owner);
  }
  assert.equal((await publish(hookyard, 'at.place', { owner: 'nowhere' })).deliveries, 1);
  for (const [owner, gets] of [...OWNERS, ['null', [...PLACES, 'nowhere']] as const]) {
    const receiver = receivers.get(`${owner}`);
    await receiver?.waitFor((requests) => requests.length >= gets.length);
    const got = receiver?.requests.map(({ rawBody }) => JSON.parse(rawBody.toString()).data.owner);
    assert.deepEqual(got?.toSorted(), [...gets].sort(), `${owner}`);
  }
});

test('the events of a batch go each to its own owner', async () => {
  const receiver = await journey.receiver();
  await subscribe(hookyard, receiver.url, { events: ['in.batch'], ownerKind: 'org', ownerId: 7 });
  const events = PLACES.map((owner) => ({ type: 'in.batch', data: { owner }, owner }));
  const { data } = await hookyard.api<{ results: { deliveries: number }[] }>('POST', '/api/v1/events/batch', {
    events,
  });
  const got = PLACES.filter((_, at) => data.results[at]?.deliveries === 1);
  assert.deepEqual([...got].sort(), [...(OWNERS[0]?.[1] ?? [])].sort());
});

const LISTS: readonly [path: string, nameOf: (item: Readonly<Record<string, unknown>>) => unknown][] = [
  ['webhook-subscriptions', ({ owner }) => owner],
  ['events', ({ owner }) => owner],
];
test('lists of an owner show what is at its path and below, in whole segments', async () => {
  for (const [path, nameOf] of LISTS) {
    for (const owner of ['org:7', 'org:70', 'repo:42', 'org:7/repo:42', 'org:8']) {
      const list = async (query: string) =>
        (await hookyard.api<Readonly<Record<string, unknown>>[]>('GET', `/api/v1/${path}?limit=200${query}`)).data;
      const all = (await list('')).map(nameOf);
      const expected = all.filter((place) => typeof place === 'string' && `/${place}/`.includes(`/${owner}/`));
      assert.deepEqual((await list(`&owner=${owner}`)).map(nameOf), expected, `${path} of ${owner}`);
    }
  }
  const refused = await hookyard.api('GET', '/api/v1/events?owner=org');
  assert.deepEqual([refused.status, refused.problem.errors?.[0]?.pointer], [400, '?owner']);
});
