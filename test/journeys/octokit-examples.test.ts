import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { sign } from '@octokit/webhooks-methods';
import { formBody } from '../../src/core/form.ts';
import { parseImageRef } from '../../src/core/image-ref.ts';
import { apiOf } from '../support/hookyard.ts';
import { openJourney, subscribe } from '../support/journey.ts';
import { makeSource, type ReceiptShown, receiptsOf, type SourceMade } from '../support/sources.ts';

/** One event of GitHub with payloads that were captured. */
interface Definition {
  name: string;
  examples: readonly object[];
}

/** What the examples of packages hold, as far as this test looks. */
interface PackageExample {
  package: { registry: { type: string }; package_version: { version: string; package_url?: string } };
}

/** Its types would bring those of every event; its payloads are looked at as what they are, foreign. */
const DEFINITIONS = createRequire(import.meta.url)('@octokit/webhooks-examples') as readonly Definition[];
const PACKAGES = DEFINITIONS.filter(({ name }) => name === 'package').flatMap(
  ({ examples }) => examples as readonly PackageExample[],
);
const CONTAINERS = PACKAGES.filter((example) => example.package.registry.type === 'CONTAINER');

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;
const outside = apiOf(hookyard.url, null);
const receiver = await journey.receiver();
await subscribe(hookyard, receiver.url, { events: ['image.pushed'] });

/** Posts as GitHub does: one delivery id for each, the signature by GitHub's own library. */
async function post(source: SourceMade, event: string, body: string, more: Readonly<Record<string, string>> = {}) {
  return outside('POST', source.urls.typed ?? '', body, {
    'x-github-event': event,
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': await sign(source.secret ?? '', body),
    ...more,
  });
}

/** Where the images of a source's events are, and what they are, as the receiver got them. */
function imagesOf({ id }: SourceMade): readonly Readonly<Record<string, unknown>>[] {
  return receiver.requests
    .map(({ rawBody }) => JSON.parse(rawBody.toString()))
    .filter(({ data }) => data.sourceId === id)
    .map(({ data }) => data.image);
}

/** The image that a package's own pull address and version name. */
function imageOf({ package: { package_version } }: PackageExample) {
  const parsed = parseImageRef((package_version.package_url ?? '').replace(/:$/, ''));
  assert.ok(parsed.kind === 'ref');
  const { registry, repository, tag } = parsed.ref;
  return { registry, repository, tag, digest: package_version.version };
}

test('the examples have packages of both kinds', () => {
  assert.ok(CONTAINERS.length > 0);
  assert.ok(PACKAGES.length > CONTAINERS.length);
});

for (const type of ['github', 'ghcr']) {
  test(`package events signed by GitHub's library are taken on a ${type} source, and containers are images`, async () => {
    const source = await makeSource(hookyard, { type });
    for (const example of PACKAGES) {
      const { status, text } = await post(source, 'package', JSON.stringify(example));
      assert.equal(status, 200, text);
    }
    const expected = CONTAINERS.map(imageOf);
    await receiver.waitFor(() => imagesOf(source).length === expected.length);
    assert.deepEqual(imagesOf(source), expected);
    const effects = (await receiptsOf(hookyard, source)).map((receipt) => receipt.effects.length).sort();
    assert.deepEqual(effects, PACKAGES.map((example) => (CONTAINERS.includes(example) ? 1 : 0)).sort());
  });
}

test('a webhook of content type form says the same: what is signed is the form', async () => {
  const source = await makeSource(hookyard, { type: 'ghcr' });
  for (const example of CONTAINERS) {
    const body = new TextDecoder().decode(formBody(new TextEncoder().encode(JSON.stringify(example))));
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, text } = await post(source, 'package', body, form);
    assert.equal(status, 200, text);
  }
  await receiver.waitFor(() => imagesOf(source).length === CONTAINERS.length);
  assert.deepEqual(imagesOf(source), CONTAINERS.map(imageOf));
});

test('the same bytes signed with another secret are refused and make no image', async () => {
  const source = await makeSource(hookyard, { type: 'github' });
  for (const example of PACKAGES) {
    const body = JSON.stringify(example);
    const signature = await sign('another-secret-0123456789', body);
    assert.equal((await post(source, 'package', body, { 'x-hub-signature-256': signature })).status, 401);
  }
  assert.deepEqual(new Set((await receiptsOf(hookyard, source)).map(({ outcome }) => outcome)), new Set(['rejected']));
});

test('no event that GitHub has is refused or unreadable', async () => {
  const source = await makeSource(hookyard, { type: 'github' });
  for (const { name, examples } of DEFINITIONS) {
    for (const example of examples) {
      const { status, flat } = await post(source, name, JSON.stringify(example));
      assert.equal(status, 200, name);
      const { data } = await hookyard.api<ReceiptShown>('GET', `/api/v1/receipts/${flat.receiptId}`);
      assert.doesNotMatch(data.reason ?? '', /^unreadable/, name);
      assert.equal(data.outcome === 'handshake', name === 'ping', name);
    }
  }
});
