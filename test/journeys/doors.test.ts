import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, test } from 'node:test';
import { apiOf } from '../support/hookyard.ts';
import { openJourney } from '../support/journey.ts';
import { fixture, makeSource, receiptsOf, type SourceMade, signed } from '../support/sources.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;
/** Senders hold no API key. */
const outside = apiOf(hookyard.url, null);

test('a forged push at a typed source is 401, tells nothing, is kept and makes no event', async () => {
  const native = await makeSource(hookyard, { type: 'native' });
  const harbor = await makeSource(hookyard, { type: 'harbor', secret: 'harbor-token-0123456789' });
  const body = fixture('native-push');
  const good = signed(native.secret ?? '', body)['X-Hub-Signature-256'];
  const forgeries: readonly [SourceMade, string, Record<string, string>][] = [
    [native, body, {}],
    [native, body, signed('another secret', body)],
    [native, `${body} `, { 'X-Hub-Signature-256': good }],
    [native, body, { 'X-Hub-Signature-256': good.slice(7) }],
    [native, body, { 'X-Hub-Signature-256': `${good}0` }],
    [native, body, { 'X-Hub-Signature-256': '' }],
    [native, body, { 'X-Hub-Signature-256': `${good}, ${good}` }],
    [harbor, fixture('harbor-push'), {}],
    [harbor, fixture('harbor-push'), { authorization: 'harbor-token-012345678' }],
    [harbor, fixture('harbor-push'), { authorization: 'harbor-token-01234567890' }],
  ];
  const answers = [];
  for (const [{ urls }, sent, headers] of forgeries) {
    const { status, flat } = await outside('POST', urls.typed ?? '', sent, headers);
    const { instance: _differs, ...said } = flat;
    answers.push({ status, said });
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.equal(answers[0]?.status, 401);
  const kept = [...(await receiptsOf(hookyard, native)), ...(await receiptsOf(hookyard, harbor))];
  assert.equal(kept.length, forgeries.length);
  for (const { outcome, verdict, reason, effects } of kept) {
    assert.deepEqual([outcome, verdict.ok, effects.length], ['rejected', false, 0]);
    assert.ok(reason);
  }
});

interface RawAnswer {
  status: number | undefined;
  headers: readonly string[];
  body: string;
}

/** An answer as it came over the wire, without its date. */
function rawAnswer(method: string, url: string, body: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method, agent: false, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const dateAt = response.rawHeaders.findIndex((name) => name.toLowerCase() === 'date');
        resolve({
          status: response.statusCode,
          headers: response.rawHeaders.toSpliced(dateAt, 2),
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('unknown, disabled, wrong method, wrong key and wrong path are one 404, byte for byte', async () => {
  const hub = await makeSource(hookyard, { type: 'dockerhub' });
  const closed = await makeSource(hookyard, { type: 'dockerhub', enabled: false });
  const native = await makeSource(hookyard, { type: 'native' });
  const closedNative = await makeSource(hookyard, { type: 'native', enabled: false });
  const secretUrl = hub.urls.secret ?? '';
  const typedUrl = native.urls.typed ?? '';
  const doors: readonly [string, string][] = [
    ['POST', `${hookyard.url}/api/webhook/00000000-0000-4000-8000-000000000000`],
    ['POST', `${hookyard.url}/api/webhook/not-a-key`],
    ['POST', `${hookyard.url}/api/webhook/`],
    ['POST', `${secretUrl}/more`],
    ['POST', secretUrl.toUpperCase().replace(/^HTTP:\/\/[^/]+\/API\/WEBHOOK/, `${hookyard.url}/api/webhook`)],
    ['POST', `${secretUrl.slice(0, -1)}${secretUrl.endsWith('0') ? '1' : '0'}`],
    ['GET', secretUrl],
    ['PUT', secretUrl],
    ['DELETE', secretUrl],
    ['OPTIONS', secretUrl],
    ['POST', closed.urls.secret ?? ''],
    ['POST', `${hookyard.url}/api/v1/webhooks/registry/00000000-0000-7000-8000-000000000000`],
    ['POST', `${hookyard.url}/api/v1/webhooks/registry/nobody`],
    ['POST', `${hookyard.url}/api/v1/webhooks/registry/`],
    ['POST', `${hookyard.url}/api/v1/webhooks/registry/${hub.id}`],
    ['POST', typedUrl.replace('/registry/', '/github/')],
    ['POST', `${typedUrl}/more`],
    ['GET', typedUrl],
    ['PUT', typedUrl],
    ['POST', closedNative.urls.typed ?? ''],
  ];
  const expected = await rawAnswer(...(doors[0] ?? ['', '']), fixture('dockerhub-push'));
  assert.equal(expected.status, 404);
  for (const [method, url] of doors) {
    assert.deepEqual(await rawAnswer(method, url, fixture('dockerhub-push')), expected, `${method} ${url}`);
  }
  for (const made of [hub, closed, native, closedNative]) assert.deepEqual(await receiptsOf(hookyard, made), []);
});

test('an old secret URL is one of those 404s as soon as a new one is made', async () => {
  const hub = await makeSource(hookyard, { type: 'dockerhub' });
  const renewed = await hookyard.api<SourceMade>('POST', `/api/v1/sources/${hub.id}/regenerate-url`);
  assert.equal(renewed.status, 200, renewed.text);
  assert.notEqual(renewed.data.urls.secret, hub.urls.secret);
  const body = fixture('dockerhub-push');
  assert.equal((await outside('POST', hub.urls.secret ?? '', body)).status, 404);
  assert.equal((await outside('POST', renewed.data.urls.secret ?? '', body)).status, 200);
});
