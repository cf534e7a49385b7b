/** Sources through a running instance: whom they believe, for how long, from where, and how much of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { type RunningHookyard, startHookyard } from '../support/hookyard.ts';
import { openJourney } from '../support/journey.ts';
import { testServers } from '../support/postgres.ts';
import { makeSource, receiptsOf, type SourceMade, signed } from '../support/sources.ts';
import { undoing } from '../support/undoing.ts';

const server = testServers().at(-1) ?? assert.fail();
const secrets = mkdtempSync(join(tmpdir(), 'hookyard-secrets-'));
after(() => rmSync(secrets, { recursive: true, force: true }));
const flags = ['--trusted-proxies', '127.0.0.1,10.0.0.0/8', '--secrets', secrets];
const { hookyard, close } = await openJourney({ flags });
after(close);
const { api } = hookyard;

const PUSH = '{"image": "registry.example.com/shop/checkout:2.4.0"}';

/** Posts to a door; the status, and the whole answer. */
async function post(url: string | undefined, headers: Record<string, string> = {}, body = PUSH) {
  const response = await fetch(url ?? assert.fail('no URL'), { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function statusOf(source: SourceMade, secret: string): Promise<number> {
  return (await post(source.urls.typed, signed(secret, PUSH))).status;
}

async function changed(source: SourceMade, what: string, body: unknown = {}): Promise<SourceMade> {
  const got = await api<SourceMade>('POST', `/api/v1/sources/${source.id}/${what}`, body);
  assert.equal(got.status, 200, got.text);
  return got.data;
}

test('both secrets of a rotation prove the sender, and without a grace the new one alone', async () => {
  const source = await makeSource(hookyard, { type: 'native', secret: 'the first secret' });
  const { secret = '' } = await changed(source, 'secret/rotate');
  assert.deepEqual([await statusOf(source, 'the first secret'), await statusOf(source, secret)], [200, 200]);
  const ended = await changed(source, 'secret/rotate', { graceSeconds: 0, secret: 'the third secret' });
  assert.equal(ended.secret, undefined);
  const statuses = ['the first secret', secret, 'the third secret'].map((one) => statusOf(source, one));
  assert.deepEqual(await Promise.all(statuses), [401, 401, 200]);
});

test('a secret in a file proves the sender from the moment it stands there, and is never shown', async () => {
  const source = await makeSource(hookyard, { type: 'native', secretRef: 'file:pipeline' });
  const without = await post(source.urls.typed, signed('not-to-be-seen', PUSH));
  assert.equal(without.status, 503);
  writeFileSync(join(secrets, 'pipeline'), 'not-to-be-seen\n');
  await eventually('the secret is read', async () => (await statusOf(source, 'not-to-be-seen')) === 200 || null);
  assert.equal(await statusOf(source, 'another'), 401);
  const shown = await api('GET', `/api/v1/sources/${source.id}`);
  assert.doesNotMatch(shown.text + (await hookyard.logs()), /not-to-be-seen/);
});

test('an old secret URL leads in while its grace lasts, and is no door afterwards', async () => {
  const source = await makeSource(hookyard, { type: 'native', scheme: { type: 'url' } });
  const second = await changed(source, 'regenerate-url', { graceSeconds: 3600 });
  const third = await changed(source, 'regenerate-url', { graceSeconds: 3600 });
  const urls = [source, second, third].map(({ urls: { secret } }) => secret);
  for (const url of urls) assert.equal((await post(url)).status, 200);
  const fourth = await changed(source, 'regenerate-url');
  const unknown = await post(`${hookyard.url}/api/webhook/00000000-0000-4000-8000-000000000000`);
  for (const url of urls) assert.equal((await post(url)).text, unknown.text);
  assert.equal((await post(fourth.urls.secret)).status, 200);
});

describe('an allow-list of addresses', () => {
  test('is asked for the sender that trusted proxies tell, not for what the sender writes', async () => {
    const source = await makeSource(hookyard, {
      type: 'native',
      scheme: { type: 'url' },
      ipAllowList: ['203.0.113.0/24'],
    });
    const from = (forwarded: string) => post(source.urls.secret, { 'X-Forwarded-For': forwarded });
    assert.equal((await from('203.0.113.9')).status, 200);
    assert.equal((await from('203.0.113.9, 10.1.2.3')).status, 200);
    const unknown = await post(`${hookyard.url}/api/webhook/00000000-0000-4000-8000-000000000000`);
    for (const forged of ['198.51.100.7', '203.0.113.9, 198.51.100.7', 'unknown', '203.0.113.9, x']) {
      const answer = await from(forged);
      assert.deepEqual([answer.status, answer.text], [404, unknown.text], forged);
    }
    const both = { 'X-Forwarded-For': '198.51.100.7', Forwarded: 'for=203.0.113.9' };
    assert.equal((await post(source.urls.secret, both)).status, 404);
    const receipts = await receiptsOf(hookyard, source, '&outcome=ignored');
    const addresses = receipts.map((receipt) => 'remoteAddress' in receipt && receipt.remoteAddress);
    assert.deepEqual(addresses, ['203.0.113.9', '203.0.113.9']);
  });

  test('of a source without one is nothing: everybody may send', async () => {
    const source = await makeSource(hookyard, { type: 'native', scheme: { type: 'url' } });
    assert.equal((await post(source.urls.secret, { 'X-Forwarded-For': '198.51.100.7' })).status, 200);
  });
});

test('forwarding headers of one who is no trusted proxy are not believed', async (context) => {
  const other = await startHookyard({});
  context.after(() => other.kill('SIGKILL'));
  context.after(() => rmSync(other.dataDirectory, { recursive: true, force: true }));
  const source = await makeSource(other, { type: 'native', scheme: { type: 'url' }, ipAllowList: ['203.0.113.9'] });
  for (const header of [{ 'X-Forwarded-For': '203.0.113.9' }, { Forwarded: 'for=203.0.113.9' }]) {
    assert.equal((await post(source.urls.secret, header)).status, 404);
  }
  const here = await api('PATCH', `/api/v1/sources/${source.id}`, {});
  assert.equal(here.status, 404, 'another instance');
  const opened = await other.api('PATCH', `/api/v1/sources/${source.id}`, { ipAllowList: ['127.0.0.1'] });
  assert.equal(opened.status, 200, opened.text);
  assert.equal((await post(source.urls.secret, { 'X-Forwarded-For': '203.0.113.9' })).status, 200);
});

test('a fact that a filter turns down makes no event; the receipt says which rule it was', async () => {
  const filters = [
    { field: '$.tag', operator: 'starts_with', value: 'v' },
    { field: '$.body.branch', operator: 'not_equals', value: 'draft' },
  ];
  const source = await makeSource(hookyard, { type: 'native', scheme: { type: 'url' }, filters });
  const image = (tag: string, more = {}) => JSON.stringify({ image: `registry.example.com/shop/cart:${tag}`, ...more });
  for (const body of [image('v1', { branch: 'draft' }), image('latest'), image('v2')]) {
    assert.equal((await post(source.urls.secret, {}, body)).status, 200);
  }
  const receipts = await receiptsOf(hookyard, source);
  assert.deepEqual(
    receipts.map(({ outcome, effects }) => [outcome, effects.length]),
    [
      ['ignored', 1],
      ['ignored', 0],
      ['ignored', 0],
    ],
  );
  assert.match(receipts[1]?.reason ?? '', /\$\.tag/);
  assert.match(receipts[2]?.reason ?? '', /\$\.body\.branch/);
});

test('a body above the limit of the source is 413, and requests above its rate 429 with when to come again', async () => {
  const limits = { maxBodyBytes: 100, rateLimit: { count: 2, seconds: 3600 } };
  const source = await makeSource(hookyard, { type: 'native', scheme: { type: 'url' }, ...limits });
  const large = await post(source.urls.secret, {}, `${PUSH}${' '.repeat(100)}`);
  assert.equal(large.status, 413);
  assert.match(large.text, /100/);
  const answers = [];
  for (let sent = 0; sent < 3; sent++) answers.push(await post(source.urls.secret));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 429],
  );
  assert.ok(Number(answers[2]?.headers.get('retry-after')) > 0);
  assert.equal((await receiptsOf(hookyard, source)).length, 2);
});

test('a mapping reads a payload of anybody', async () => {
  const mapping = { image: '$.artifact.ref', time: '$.artifact.at' };
  const source = await makeSource(hookyard, { type: 'generic', scheme: { type: 'token' }, mapping });
  const body = '{"artifact": {"ref": "registry.example.com/shop/cart:7", "at": "2026-03-04T09:30:00Z"}}';
  const answer = await post(source.urls.typed, { Authorization: source.secret ?? '' }, body);
  assert.equal(answer.status, 200, answer.text);
  const [receipt] = await receiptsOf(hookyard, source);
  const [fact] = receipt?.facts ?? [];
  assert.deepEqual([fact?.repository, fact?.tag], ['shop/cart', '7']);
});

describe('the first source', () => {
  const pathIn = ({ dataDirectory }: Pick<RunningHookyard, 'dataDirectory'>) => join(dataDirectory, 'secret-url');

  test('stands in a file of its own, takes pushes, is printed nowhere, and is the same after a kill', async () => {
    const file = pathIn(hookyard);
    const path = readFileSync(file, 'utf8').trim();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!(await hookyard.logged(file)).includes(path));
    assert.equal((await post(hookyard.url + path)).status, 200);
    const first = await startHookyard({});
    const before = readFileSync(pathIn(first), 'utf8');
    await first.kill('SIGKILL');
    const second = await startHookyard({ dataDirectory: first.dataDirectory });
    assert.equal(readFileSync(pathIn(second), 'utf8'), before);
    const listed = await second.api<{ type: string }[]>('GET', '/api/v1/sources');
    assert.deepEqual(
      listed.data.map(({ type }) => type),
      ['native'],
    );
    await second.kill('SIGKILL');
    rmSync(second.dataDirectory, { recursive: true, force: true });
  });

  test('is one, of however many nodes start at once on a new database', async (context) => {
    const url = await server.schema();
    undoing(context, () => server.drop(url));
    const keyring = join(hookyard.dataDirectory, 'keyring.json');
    const start = () => startHookyard({ env: { HOOKYARD_DATABASE_URL: url }, flags: ['--keyring', keyring] });
    const nodes = await Promise.all([start(), start(), start()]);
    for (const node of nodes) {
      undoing(context, () => rmSync(node.dataDirectory, { recursive: true, force: true }));
      undoing(context, () => node.kill('SIGKILL'));
    }
    for (const node of nodes) {
      const listed = await node.api<SourceMade[]>('GET', '/api/v1/sources');
      assert.equal(listed.data.length, 1, listed.text);
    }
    const kept = nodes.map((node) => statSync(pathIn(node), { throwIfNoEntry: false }) !== undefined);
    assert.deepEqual(kept.sort(), [false, false, true]);
  });
});
