/** What the doors tell to whom: one 404 for whatever is wrong, and nothing of what senders prove themselves with. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { apiOf } from '../support/hookyard.ts';
import { openJourney } from '../support/journey.ts';
import { fixture, makeSource, receiptsOf, type SourceMade } from '../support/sources.ts';

const journey = await openJourney({ flags: ['--log-level', 'debug'] });
after(journey.close);
const { hookyard } = journey;
const outside = apiOf(hookyard.url, null);

const ASKS = { 'webhook-request-origin': 'eventgrid.azure.net' };

/** An answer as it came over the wire, without its date. */
function rawAnswer(method: string, url: string, headers: Readonly<Record<string, string>> = {}) {
  const body = fixture('native-push');
  return new Promise<unknown>((resolve, reject) => {
    const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers };
    const sent = request(url, { method, agent: false, headers: own }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const dateAt = response.rawHeaders.findIndex((name) => name.toLowerCase() === 'date');
        const { statusCode: status } = response;
        resolve({ status, headers: response.rawHeaders.toSpliced(dateAt, 2), body: `${Buffer.concat(chunks)}` });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('a door that is not for this address, asked wrongly or no longer there is the door that never was', async () => {
  const elsewhere = { ipAllowList: ['203.0.113.0/24'] };
  const listed = await makeSource(hookyard, { type: 'native', ...elsewhere });
  const listedUrl = await makeSource(hookyard, { type: 'dockerhub', ...elsewhere });
  const events = await makeSource(hookyard, { type: 'cloudevents', scheme: { type: 'url' } });
  const hub = await makeSource(hookyard, { type: 'dockerhub' });
  const gone = await makeSource(hookyard, { type: 'dockerhub' });
  await hookyard.api('POST', `/api/v1/sources/${gone.id}/regenerate-url`);
  const unknown = `${hookyard.url}/api/webhook/00000000-0000-4000-8000-000000000000`;
  const expected = await rawAnswer('POST', unknown);
  const typed = listed.urls.typed ?? '';
  const doors: readonly [string, string, Readonly<Record<string, string>>?][] = [
    ['POST', typed],
    ['POST', listedUrl.urls.secret ?? ''],
    // Whatever a stranger claims about the way here.
    ['POST', typed, { 'x-forwarded-for': '203.0.113.9' }],
    ['POST', typed, { forwarded: 'for=203.0.113.9' }],
    ['POST', gone.urls.secret ?? ''],
    ['OPTIONS', unknown, ASKS],
    ['OPTIONS', hub.urls.secret ?? '', ASKS],
    ['OPTIONS', events.urls.secret ?? ''],
    ['OPTIONS', events.urls.secret ?? '', { 'webhook-request-origin': 'a b' }],
    ['PUT', events.urls.secret ?? '', ASKS],
    ['OPTIONS', typed, ASKS],
  ];
  for (const [method, url, headers] of doors) {
    assert.deepEqual(await rawAnswer(method, url, headers), expected, `${method} ${url} ${JSON.stringify(headers)}`);
  }
  const turnedAway = async ({ id }: SourceMade) => {
    const { data } = await hookyard.api<{ reason: string; remoteAddress: string }[]>(
      'GET',
      `/api/v1/receipts?sourceId=${id}`,
    );
    return data.map(({ reason, remoteAddress }) => `${reason} ${remoteAddress}`);
  };
  // The three posts; what is asked of a door that is not theirs in other ways is only counted.
  const noted = 'address_not_allowed 127.0.0.1';
  await eventually('three noted', async () => (await turnedAway(listed)).length === 3 || null);
  await eventually('the one noted', async () => (await turnedAway(listedUrl)).length === 1 || null);
  assert.deepEqual(await turnedAway(listed), [noted, noted, noted]);
  assert.deepEqual(await turnedAway(listedUrl), [noted]);
  for (const source of [hub, gone, events]) assert.deepEqual(await receiptsOf(hookyard, source), []);
});

test('what senders try to prove themselves with stands nowhere in clear', async () => {
  const canary = () => randomBytes(24).toString('hex');
  const tries: readonly [Readonly<Record<string, unknown>>, string][] = [
    [{ type: 'harbor', secret: canary() }, 'authorization'],
    [{ type: 'gitlab', secret: canary() }, 'x-gitlab-token'],
    [{ type: 'native', secret: canary() }, 'x-hub-signature-256'],
    [{ type: 'native', scheme: { type: 'token', header: 'X-Request-Id' }, secret: canary() }, 'x-request-id'],
  ];
  const sent: string[] = [];
  for (const [fields, header] of tries) {
    const { id, urls } = await makeSource(hookyard, fields);
    for (const name of [header, 'x-other-signature', 'x-api-key', 'x-buildkite-token', 'cookie']) {
      const value = canary();
      sent.push(value, `${fields.secret}`);
      await outside('POST', urls.typed ?? '', fixture('native-push'), { [name]: value });
    }
    const { data } = await hookyard.api<{ id: string }[]>('GET', `/api/v1/receipts?sourceId=${id}`);
    assert.equal(data.length, 5);
    for (const receipt of data) await hookyard.api('POST', `/api/v1/receipts/${receipt.id}/reverify`);
    await assertHidden(data, sent);
  }
  const names = readdirSync(hookyard.dataDirectory).filter((name) => !['keyring.json', 'secret-url'].includes(name));
  const files = names.map((name) => readFileSync(join(hookyard.dataDirectory, name)));
  const log = await hookyard.logs();
  for (const value of sent) {
    for (const file of files) assert.equal(file.includes(value), false);
    assert.equal(log.includes(value), false);
  }
});

/** Fails when one of `values` is shown with one of the receipts. */
async function assertHidden(receipts: readonly { id: string }[], values: readonly string[]): Promise<void> {
  for (const { id } of receipts) {
    const { text } = await hookyard.api('GET', `/api/v1/receipts/${id}`);
    for (const value of values) assert.equal(text.includes(value), false, text);
  }
}
