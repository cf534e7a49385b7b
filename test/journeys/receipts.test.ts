import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { apiOf, type RunningHookyard, startHookyard } from '../support/hookyard.ts';
import { openJourney, subscribe } from '../support/journey.ts';
import type { Received } from '../support/receiver.ts';
import { makeSource, type ReceiptShown, receiptsOf, type SourceMade, signed } from '../support/sources.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;

const SECRET = 'a-secret-of-the-pipeline';
const imageOf = (tag: string) => JSON.stringify({ image: `registry.example.com/acme/api:${tag}` });

/** A push of an image, signed. */
function push(at: RunningHookyard, { urls }: SourceMade, tag: string, secret = SECRET) {
  const body = imageOf(tag);
  // Senders hold no API key.
  return apiOf(at.url, null)('POST', urls.typed ?? '', body, signed(secret, body));
}

/** Tags that a receiver got, in order of arrival. */
function tagsOf(requests: readonly Received[]): string[] {
  return requests.map(({ rawBody }) => JSON.parse(rawBody.toString()).data.image.tag);
}

async function act(at: RunningHookyard, path: string, body?: unknown) {
  const answer = await at.api<ReceiptShown>('POST', path, body);
  assert.equal(answer.status, 200, answer.text);
  return answer.data;
}

const pushed = await journey.receiver();
await subscribe(hookyard, pushed.url, { events: ['image.pushed'] });

test('a push that was rejected for a wrong secret is accepted once that is corrected, and delivered', async () => {
  const source = await makeSource(hookyard, { type: 'native', secret: 'another' });
  assert.equal((await push(hookyard, source, 'late')).status, 401);
  const [rejected] = await receiptsOf(hookyard, source, '&outcome=rejected');
  const path = `/api/v1/receipts/${rejected?.id}`;
  assert.equal((await hookyard.api('POST', `${path}/accept`)).problem.code, 'receipt_unproved');
  await hookyard.api('PATCH', `/api/v1/sources/${source.id}`, { secret: SECRET });
  const { outcome, effects } = await act(hookyard, `${path}/accept`);
  assert.deepEqual([outcome, effects.length], ['ignored', 1]);
  await pushed.waitFor((requests) => tagsOf(requests).includes('late'));
  await hookyard.logged('"event":"receipt.accepted"');
});

test('a receipt that is reprocessed is delivered once more', async () => {
  const source = await makeSource(hookyard, { type: 'native', secret: SECRET });
  const { receiptId } = (await push(hookyard, source, 'twice')).flat;
  const path = `/api/v1/receipts/${receiptId}/reprocess`;
  await act(hookyard, path, { dryRun: true });
  assert.equal((await act(hookyard, path)).effects.length, 2);
  await pushed.waitFor((requests) => tagsOf(requests).filter((tag) => tag === 'twice').length === 2);
});

test('what a paused source held is delivered once it goes on, all of it and nothing twice, though the process is killed meanwhile', async (context) => {
  const held = await startHookyard({ flags: ['--allow-hosts', '127.0.0.1'] });
  let running = held;
  context.after(async () => {
    await running.kill('SIGKILL');
    await rm(held.dataDirectory, { recursive: true, force: true });
  });
  const receiver = await journey.receiver();
  await subscribe(held, receiver.url, { events: ['image.pushed'] });
  const source = await makeSource(held, { type: 'native', secret: SECRET });
  await act(held, `/api/v1/sources/${source.id}/pause`);
  const tags = Array.from({ length: 160 }, (_, at) => `v${at}`);
  for (const tag of tags) assert.equal((await push(held, source, tag)).flat.reason, 'Held: the source is paused.');
  assert.equal(receiver.requests.length, 0);
  await act(held, `/api/v1/sources/${source.id}/resume`);
  await receiver.waitFor((requests) => requests.length > 0);
  await held.kill('SIGKILL');
  running = await startHookyard({ flags: ['--allow-hosts', '127.0.0.1'], dataDirectory: held.dataDirectory });
  await receiver.waitFor((requests) => new Set(tagsOf(requests)).size === tags.length);
  const left = () => receiptsOf(running, source, '&outcome=held');
  await eventually('nothing held', async () => (await left()).length === 0 || null);
  const events = await running.api<{ data: { receiptId: string } }[]>('GET', '/api/v1/events?pageSize=200');
  assert.equal(events.data.length, tags.length);
  assert.equal(new Set(events.data.map(({ data }) => data.receiptId)).size, tags.length);
});
