import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, test } from 'node:test';
import { ADMIN_KEY, type ProblemShown } from '../support/hookyard.ts';
import { openJourney } from '../support/journey.ts';

const journey = await openJourney();
after(journey.close);
const { api, url } = journey.hookyard;

const SUBSCRIPTIONS = '/api/v1/webhook-subscriptions';
const EVENTS = '/api/v1/events';

interface RawRefusal {
  status: number | undefined;
  problem: ProblemShown;
}

/** A request whose framing the fetch API would not let through. */
function raw(headers: Readonly<Record<string, string>>, chunks: readonly string[], path = EVENTS): Promise<RawRefusal> {
  return new Promise((resolve, reject) => {
    const authorization = `Bearer ${ADMIN_KEY}`;
    const sent = request(
      url + path,
      { method: 'POST', agent: false, headers: { authorization, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, problem: JSON.parse(text) }));
      },
    );
    sent.on('error', reject);
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });
}

const MEBIBYTE = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };
const BIG = `{"type":"a.b","data":"${'x'.repeat(MEBIBYTE)}"}`;

for (const path of [EVENTS, SUBSCRIPTIONS]) {
  test(`POST ${path} refuses a body over its limit, whether its length is declared or not`, async () => {
    const declared = await raw({ ...JSON_TYPE, 'content-length': `${BIG.length}` }, [BIG], path);
    const streamed = await raw(
      { ...JSON_TYPE, 'transfer-encoding': 'chunked' },
      [BIG.slice(0, 500_000), BIG.slice(500_000)],
      path,
    );
    for (const { status, problem } of [declared, streamed]) {
      assert.deepEqual([status, problem.code], [413, 'body_too_large']);
      assert.match(problem.detail, /1048576/);
    }
  });

  test(`POST ${path} refuses another content type and a compressed body`, async () => {
    const text = await raw({ 'content-type': 'text/plain' }, ['{}'], path);
    const form = await raw({ 'content-type': 'application/x-www-form-urlencoded' }, ['a=1'], path);
    const none = await raw({}, ['{}'], path);
    const zipped = await raw({ ...JSON_TYPE, 'content-encoding': 'gzip' }, ['{}'], path);
    assert.deepEqual(
      [text, form, none, zipped].map(({ status, problem }) => `${status} ${problem.code}`),
      [...Array(3).fill('415 unsupported_media_type'), '415 unsupported_encoding'],
    );
  });
}

test('nothing of these was stored', async () => {
  for (const path of [EVENTS, SUBSCRIPTIONS]) assert.deepEqual((await api('GET', path)).data, []);
});
