import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { apiOf } from '../support/hookyard.ts';
import { openJourney, subscribe } from '../support/journey.ts';
import type { Received } from '../support/receiver.ts';
import { fixture, makeSource, type ReceiptShown, receiptsOf, type SourceMade, signed } from '../support/sources.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;
/** Senders hold no API key. */
const outside = apiOf(hookyard.url, null);

/** Pushed images as the receiver got them, for one source. */
function imagesOf(requests: readonly Received[], { id }: SourceMade): Readonly<Record<string, unknown>>[] {
  return requests
    .map(({ rawBody }) => JSON.parse(rawBody.toString()))
    .filter(({ data }) => data.sourceId === id)
    .map(({ event, data }) => ({
      event,
      ...data.image,
      actor: data.actor,
      origin: data.origin,
      pushedAt: data.pushedAt,
    }));
}

const pushed = await journey.receiver();
await subscribe(hookyard, pushed.url, { events: ['image.pushed'] });

const PUSHED_AT = '2026-01-01T00:00:00.000Z';
const BY_TAG = {
  event: 'image.pushed',
  registry: 'images.example.net:8443',
  repository: 'coast/lighthouse',
  tag: '2.4.0',
  digest: `sha256:${'1'.repeat(64)}`,
  actor: 'keeper',
  origin: 'user',
  pushedAt: PUSHED_AT,
};

test('a Docker Hub push at its secret URL is kept, understood and delivered as image.pushed', async () => {
  const hub = await makeSource(hookyard, { type: 'dockerhub' });
  assert.equal(hub.urls.typed, undefined);
  assert.match(
    hub.urls.secret ?? '',
    /\/api\/webhook\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const body = fixture('dockerhub-push');
  const { status, flat } = await outside('POST', hub.urls.secret ?? '', body);
  const { receiptId, ...said } = flat;
  assert.equal(status, 200);
  assert.deepEqual(said, {
    success: true,
    action: 'ignored',
    reason: 'No matching component',
    versionsAdded: 0,
    triggersActivated: 0,
  });
  await pushed.waitFor((requests) => imagesOf(requests, hub).length === 1);
  assert.deepEqual(imagesOf(pushed.requests, hub), [
    {
      event: 'image.pushed',
      registry: 'docker.io',
      repository: 'harbourmaster/lighthouse',
      tag: '2.4.0',
      digest: null,
      actor: 'keeper',
      origin: 'user',
      pushedAt: PUSHED_AT,
    },
  ]);
  const { data: receipt } = await hookyard.api<ReceiptShown>('GET', `/api/v1/receipts/${receiptId}`);
  assert.equal(receipt.sourceId, hub.id);
  assert.equal(receipt.request.body, body);
  assert.deepEqual([receipt.verdict.ok, receipt.verdict.scheme], [true, 'url']);
  assert.deepEqual(
    receipt.facts.map(({ kind, repository, tag }) => ({ kind, repository, tag })),
    [{ kind: 'image.push', repository: 'harbourmaster/lighthouse', tag: '2.4.0' }],
  );
  assert.equal(receipt.effects.length, 1);
});

test('the same Docker Hub push again is a duplicate: kept, and delivered no second time', async () => {
  const hub = await makeSource(hookyard, { type: 'dockerhub' });
  const body = fixture('dockerhub-push');
  const firstly = await outside('POST', hub.urls.secret ?? '', body);
  const again = await outside('POST', hub.urls.secret ?? '', body);
  assert.deepEqual([firstly.flat.action, again.flat.action], ['ignored', 'duplicate']);
  assert.match(String(again.flat.reason), new RegExp(`${firstly.flat.receiptId}`));
  await outside('POST', hub.urls.secret ?? '', body.replace('"tag": "2.4.0"', '"tag": "2.4.1"'));
  // Two on connections of their own may arrive in either order.
  await pushed.waitFor((requests) => imagesOf(requests, hub).length === 2);
  assert.deepEqual(
    imagesOf(pushed.requests, hub)
      .map(({ tag }) => tag)
      .sort(),
    ['2.4.0', '2.4.1'],
  );
  const [, second] = await receiptsOf(hookyard, hub);
  assert.deepEqual([second?.outcome, second?.duplicateOf], ['duplicate', firstly.flat.receiptId]);
  assert.deepEqual(
    (await receiptsOf(hookyard, hub, '&outcome=duplicate')).map(({ id }) => id),
    [again.flat.receiptId],
  );
});

test('a Harbor push with the right token becomes one event for each of its resources', async () => {
  const harbor = await makeSource(hookyard, { type: 'harbor', secret: 'Bearer harbor-token-0123456789' });
  const headers = { authorization: 'Bearer harbor-token-0123456789' };
  const { status, flat } = await outside('POST', harbor.urls.typed ?? '', fixture('harbor-push'), headers);
  assert.deepEqual([status, flat.action], [200, 'ignored']);
  await pushed.waitFor((requests) => imagesOf(requests, harbor).length === 2);
  const byTag = (a: { tag?: unknown }, b: { tag?: unknown }) => String(b.tag).localeCompare(String(a.tag));
  assert.deepEqual(imagesOf(pushed.requests, harbor).sort(byTag), [
    { ...BY_TAG, tag: null, digest: `sha256:${'2'.repeat(64)}` },
    BY_TAG,
  ]);
});

test("Harbor's CloudEvents are told apart by their own id", async () => {
  const harbor = await makeSource(hookyard, { type: 'harbor', secret: 'harbor-token-0123456789' });
  const post = (body: string) =>
    outside('POST', harbor.urls.typed ?? '', body, {
      authorization: 'harbor-token-0123456789',
      'content-type': 'application/cloudevents+json',
    });
  const body = fixture('harbor-push-cloudevents');
  const actions = [
    (await post(body)).flat.action,
    (await post(body)).flat.action,
    (await post(body.replace('0b7c1d52', '0b7c1d53'))).flat.action,
  ];
  assert.deepEqual(actions, ['ignored', 'duplicate', 'ignored']);
  await pushed.waitFor((requests) => imagesOf(requests, harbor).length === 2);
});

test('a native push signed with the generated secret is taken, and every post counts unless it brings a key', async () => {
  const native = await makeSource(hookyard, { type: 'native' });
  const body = fixture('native-push');
  const secret = native.secret ?? '';
  assert.ok(secret.length >= 32);
  const post = (more: Record<string, string> = {}) =>
    outside('POST', native.urls.typed ?? '', body, { ...signed(secret, body), ...more });
  const actions = [
    (await post()).flat.action,
    (await post()).flat.action,
    (await post({ 'Idempotency-Key': 'run-9' })).flat.action,
    (await post({ 'Idempotency-Key': 'run-9' })).flat.action,
  ];
  assert.deepEqual(actions, ['ignored', 'ignored', 'ignored', 'duplicate']);
  await pushed.waitFor((requests) => imagesOf(requests, native).length === 3);
  assert.deepEqual(imagesOf(pushed.requests, native)[0], {
    ...BY_TAG,
    digest: null,
    actor: null,
    origin: 'ci',
    pushedAt: null,
  });
});

test('a native push at a secret URL needs nothing but the URL', async () => {
  const native = await makeSource(hookyard, { type: 'native', scheme: { type: 'url' } });
  const { status, flat } = await outside('POST', native.urls.secret ?? '', fixture('native-push'));
  assert.deepEqual([status, flat.success, flat.action], [200, true, 'ignored']);
  await pushed.waitFor((requests) => imagesOf(requests, native).length === 1);
});

const UNREADABLE = ['{"image":', '{"image":42}', '{"no":"image"}', '[]', '', `${'['.repeat(5000)}${']'.repeat(5000)}`];

test('an authentic body that cannot be read is 200 ignored on a typed route, 422 at a secret URL, and kept', async () => {
  const typed = await makeSource(hookyard, { type: 'native' });
  const secret = await makeSource(hookyard, { type: 'native', scheme: { type: 'url' } });
  for (const body of UNREADABLE) {
    const onTyped = await outside('POST', typed.urls.typed ?? '', body, signed(typed.secret ?? '', body));
    assert.deepEqual([onTyped.status, onTyped.flat.action], [200, 'ignored'], body.slice(0, 40));
    assert.match(String(onTyped.flat.reason), /^unreadable/);
    const onSecret = await outside('POST', secret.urls.secret ?? '', body);
    assert.equal(onSecret.status, 422, body.slice(0, 40));
    assert.equal(onSecret.problem.success, false);
  }
  for (const made of [typed, secret]) {
    const kept = await receiptsOf(hookyard, made);
    assert.equal(kept.length, UNREADABLE.length);
    for (const { outcome, reason } of kept) assert.match(`${outcome} ${reason}`, /^ignored unreadable/);
  }
});

test('a push over the limit is 413 with the limit in words, and nothing is kept', async () => {
  const native = await makeSource(hookyard, { type: 'native', scheme: { type: 'url' } });
  const body = JSON.stringify({ image: 'a', more: 'x'.repeat(5 * 1024 * 1024) });
  const { status, problem } = await outside('POST', native.urls.secret ?? '', body);
  assert.equal(status, 413);
  assert.match(problem.detail, /5242880/);
  assert.deepEqual(await receiptsOf(hookyard, native), []);
});

test("a harmless sender's header survives, a credential does not", async () => {
  const harbor = await makeSource(hookyard, { type: 'harbor', secret: 'harbor-token-0123456789' });
  const headers = { authorization: 'harbor-token-0123456789', 'user-agent': 'harbor/2', cookie: 'session=1' };
  await outside('POST', harbor.urls.typed ?? '', fixture('harbor-push'), headers);
  const [receipt] = await receiptsOf(hookyard, harbor);
  assert.deepEqual(
    ['user-agent', 'authorization', 'cookie'].map((name) => receipt?.request.headers[name]),
    ['harbor/2', '[redacted]', '[redacted]'],
  );
});
