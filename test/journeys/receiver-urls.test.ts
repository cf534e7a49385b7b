import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type AddressCase, addressCases } from '../support/address-corpus.ts';
import { openJourney } from '../support/journey.ts';
import { startNameServer } from '../support/name-server.ts';
import { assertProblem } from '../support/problems.ts';

const PUBLIC = '93.184.215.14';
const names = await startNameServer({
  'public.journey.test': [PUBLIC],
  'mixed.journey.test': [PUBLIC, '10.0.0.5'],
  'inside.journey.test': ['192.168.1.7'],
  'metadata.journey.test': ['169.254.169.254'],
});
after(names.close);
// No receiver is allowed: this is the gate as it stands in production.
const journey = await openJourney({ env: names.env, allowed: null });
after(journey.close);
const { api, logs } = journey.hookyard;

const SUBSCRIPTIONS = '/api/v1/webhook-subscriptions';
const SECRET = 'not-to-be-seen-anywhere-9f8e7d';
const good = { name: 'good', url: 'https://public.journey.test/hook' };

const BAD_URLS: readonly { url: string; code?: string }[] = [
  { url: 'http://public.journey.test/' },
  { url: 'https://127.0.0.1/' },
  { url: 'https://10.1.2.3/' },
  { url: 'https://172.16.0.1/' },
  { url: 'https://192.168.0.1/' },
  { url: 'https://100.64.0.1/' },
  { url: 'https://169.254.169.254/latest/meta-data/' },
  { url: 'https://168.63.129.16/' },
  { url: 'https://0x7f000001/' },
  { url: 'https://2130706433/' },
  { url: 'https://017700000001/' },
  { url: 'https://127.1/' },
  { url: 'https://0/' },
  { url: 'https://１２７.０.０.１/' },
  { url: 'https://127。0。0。1/' },
  { url: 'https://[::1]/' },
  { url: 'https://[::]/' },
  { url: 'https://[::ffff:127.0.0.1]/' },
  { url: 'https://[::ffff:a00:1]/' },
  { url: 'https://[64:ff9b::7f00:1]/' },
  { url: 'https://[2002:7f00:1::]/' },
  { url: 'https://[fe80::1]/' },
  { url: 'https://[fd00::1]/' },
  { url: 'https://[fe80::1%25eth0]/' },
  { url: 'https://localhost/' },
  { url: 'https://LOCALHOST./' },
  { url: 'https://a.localhost/' },
  { url: 'https://metadata.google.internal/' },
  { url: 'https://intranet/' },
  { url: 'https://public.journey.test:25/' },
  { url: `https://ada:${SECRET}@public.journey.test/` },
  { url: `https://${SECRET}@public.journey.test/` },
  { url: `ada:${SECRET}@public.journey.test/` },
  { url: 'ftp://public.journey.test/' },
  { url: 'file:///etc/passwd' },
  { url: 'javascript:alert(1)' },
  { url: '//public.journey.test/' },
  { url: 'public.journey.test' },
  { url: 'https://' },
  { url: 'https://a b/' },
  { url: `https://${'a'.repeat(64)}.test/` },
  { url: 'https://mixed.journey.test/' },
  { url: 'https://inside.journey.test/' },
  { url: 'https://metadata.journey.test/' },
  { url: 'https://no-such-name.journey.test/', code: 'url_unresolved' },
];

for (const { url: receiver, code = 'url_refused' } of BAD_URLS) {
  test(`a receiver at ${receiver.slice(0, 60)} is refused`, async () => {
    const answer = await api('POST', SUBSCRIPTIONS, { ...good, url: receiver });
    assert.equal(answer.status, 400, answer.text);
    assertProblem(answer, code);
    assert.deepEqual(
      answer.problem.errors?.map(({ pointer }) => pointer),
      ['/url'],
    );
    assert.ok(!answer.text.includes(SECRET), answer.text);
  });
}

test('a URL that is too long is refused by its length', async () => {
  const answer = await api('POST', SUBSCRIPTIONS, { ...good, url: `https://public.journey.test/${'a'.repeat(2048)}` });
  assertProblem(answer, 'validation_failed');
  assert.deepEqual(
    answer.problem.errors?.map(({ pointer }) => pointer),
    ['/url'],
  );
});

const LITERAL = /^(\[.*\]|[\d.]+)$/;

function literalVectors(): readonly AddressCase[] {
  return addressCases().filter(
    ({ expect, contested, dns, whatwg_host: host }) =>
      expect === 'block' && contested !== true && dns === undefined && (host == null || LITERAL.test(host)),
  );
}

test('every literal address of the corpus that must be blocked is refused over the API', async (t) => {
  const vectors = literalVectors();
  const wrong: string[] = [];
  for (const { id, url: receiver } of vectors) {
    const { status, problem } = await api('POST', SUBSCRIPTIONS, { ...good, url: receiver });
    const pointers = problem.errors?.map(({ pointer }) => pointer).join();
    if (status !== 400 || pointers !== '/url') wrong.push(`${id} ${receiver} ${status} ${problem.code} ${pointers}`);
  }
  t.diagnostic(`${vectors.length} URLs`);
  assert.deepEqual(wrong, []);
});

test('none of these was stored, and the secret in some of them is not in the log', async () => {
  assert.deepEqual((await api('GET', SUBSCRIPTIONS)).data, []);
  assert.ok(!(await logs()).includes(SECRET));
});
