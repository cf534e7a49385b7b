import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { openApi, type TestApi } from '../../../test/support/api.ts';

const PUSH = JSON.stringify({ image: 'registry.example.com/acme/app:v1.2.0' });
const SECRET = 'what the source believes in';
const THEIRS = 'what the sender signs with';

function signed(secret: string, body = PUSH): Record<string, string> {
  return { 'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
}

async function sourceOf(api: TestApi) {
  const made = await api.call('POST', '/api/v1/sources', { type: 'native', secret: SECRET });
  assert.equal(made.status, 201, made.text);
  const path = new URL(made.json.data.urls.typed).pathname;
  const post = (headers: Record<string, string>) => api.call('POST', path, PUSH, { key: null, headers });
  return { id: made.json.data.id as string, post };
}

/** A request that was rejected because its source has another secret than its sender. */
async function rejectedOne() {
  const api = await openApi();
  const source = await sourceOf(api);
  assert.equal((await source.post(signed(THEIRS))).status, 401);
  const [receipt] = (await api.call('GET', '/api/v1/receipts?outcome=rejected')).json.data;
  const path = `/api/v1/receipts/${receipt.id}`;
  const correct = () => api.call('PATCH', `/api/v1/sources/${source.id}`, { secret: THEIRS });
  return { api, source, receipt, path, correct };
}

test('a dry run tells what would come of a receipt, a real one makes it, once for each key', async () => {
  const api = await openApi();
  const { post } = await sourceOf(api);
  const { receiptId } = (await post(signed(SECRET))).json;
  const path = `/api/v1/receipts/${receiptId}`;
  const dry = await api.call('POST', `${path}/reprocess`, { dryRun: true });
  assert.equal(dry.status, 200, dry.text);
  const { effects: before, events, ...said } = dry.json.data;
  assert.deepEqual(
    [said.dryRun, said.revision, said.outcome, said.reason],
    [true, 0, 'ignored', 'No matching component'],
  );
  assert.deepEqual([said.facts[0].tag, said.provenance.tag], ['v1.2.0', '/image']);
  assert.deepEqual(
    [events.length, events[0].id, events[0].type, events[0].subscriptions],
    [1, null, 'image.pushed', 0],
  );
  assert.equal(events[0].data.image.tag, 'v1.2.0');
  assert.equal((await api.call('GET', path)).json.data.revision, 0);

  const headers = { 'Idempotency-Key': 'once' };
  const real = await api.call('POST', `${path}/reprocess`, undefined, { headers });
  const again = await api.call('POST', `${path}/reprocess`, undefined, { headers });
  assert.deepEqual([real.status, again.text, again.headers.get('idempotent-replayed')], [200, real.text, 'true']);
  const { effects, revision } = (await api.call('GET', path)).json.data;
  assert.deepEqual([revision, effects.length, effects.slice(0, 1)], [1, 2, before]);
  assert.deepEqual(real.json.data.effects, effects);
  assert.equal(real.json.data.events[0].id, effects[1].id);
});

test('a sender that was not changed over is known by its old secret, however that was ended', async () => {
  const api = await openApi();
  const source = await sourceOf(api);
  const path = `/api/v1/sources/${source.id}`;
  await api.call('POST', `${path}/secret/rotate`, { graceSeconds: 0, secret: THEIRS });
  await api.call('PATCH', path, { secret: 'what the source believes in the end' });
  for (const secret of [SECRET, THEIRS]) {
    assert.equal((await source.post(signed(secret))).status, 401);
    const [receipt] = (await api.call('GET', '/api/v1/receipts?outcome=rejected')).json.data;
    const { diagnosis } = (await api.call('GET', `/api/v1/receipts/${receipt.id}`)).json.data;
    assert.equal(diagnosis.code, 'stale_secret');
  }
});

test('why a request was rejected is told to those who may change that, and to nobody else', async () => {
  const { api, path } = await rejectedOne();
  for (const [role, sees] of [
    ['admin', true],
    ['operator', true],
    ['viewer', false],
  ] as const) {
    const { json } = await api.call('GET', path, undefined, { key: api.keys[role] });
    const { diagnosis } = json.data;
    assert.equal(diagnosis !== null, sees, role);
    if (sees) assert.deepEqual(Object.keys(diagnosis), ['code', 'message', 'remedy']);
    assert.equal(
      (await api.call('POST', `${path}/reverify`, undefined, { key: api.keys[role] })).status,
      sees ? 200 : 403,
    );
  }
});

test('nothing that a request tried to prove itself with is shown', async () => {
  const { api, path } = await rejectedOne();
  const mac = signed(THEIRS)['X-Hub-Signature-256'] ?? '';
  for (const shown of [await api.call('GET', path), await api.call('POST', `${path}/reverify`)]) {
    for (const secret of [mac.slice(7), SECRET, THEIRS]) assert.equal(shown.text.includes(secret), false);
  }
});

test('a rejected request is judged again by the secret that was corrected, and then accepted', async () => {
  const { api, path, correct } = await rejectedOne();
  const before = (await api.call('POST', `${path}/reverify`)).json.data;
  assert.deepEqual(before.verdict, { ok: false, scheme: 'hmac-sha256', reason: 'mismatch' });
  const refused = await api.call('POST', `${path}/accept`);
  assert.deepEqual([refused.status, refused.json.code], [409, 'receipt_unproved']);
  await correct();
  const after = (await api.call('POST', `${path}/reverify`)).json.data;
  assert.deepEqual([after.verdict.ok, after.diagnosis.code], [true, 'proved_now']);
  assert.equal((await api.call('GET', path)).json.data.outcome, 'rejected');

  const accepted = await api.call('POST', `${path}/accept`, undefined, { key: api.keys.operator });
  assert.equal(accepted.status, 200, accepted.text);
  const { outcome, verdict, revision, effects } = accepted.json.data;
  assert.deepEqual([outcome, verdict.ok, revision, effects.length], ['ignored', true, 1, 1]);
  const line = api.logged.find(({ event }) => event === 'receipt.accepted')?.fields;
  assert.match(verdict.reason, new RegExp(`accepted by key ${line?.keyId}`));
  assert.deepEqual([line?.forced, line?.verdict, line?.outcome], [false, 'ok', 'ignored']);
  assert.equal((await api.call('POST', `${path}/accept`)).json.code, 'receipt_not_rejected');
  assert.equal((await api.call('POST', `${path}/reverify`)).json.code, 'receipt_not_rejected');
});

test('who had a receipt judged anew stands in the log, with the verdict', async () => {
  const { api, path, correct } = await rejectedOne();
  const lines = () => api.logged.filter(({ event }) => event === 'receipt.reverified').map(({ fields }) => fields);
  await api.call('POST', `${path}/reverify`, undefined, { key: api.keys.operator });
  await correct();
  await api.call('POST', `${path}/reverify`, undefined, { key: api.keys.operator });
  assert.deepEqual(
    lines().map((line) => line?.verdict),
    ['mismatch', 'ok'],
  );
  assert.ok(lines().every((line) => path.endsWith(`${line?.receiptId}`) && typeof line?.keyId === 'string'));
});

test('only an admin accepts what proves nothing, and the log says that it was forced', async () => {
  const { api, path } = await rejectedOne();
  const body = { force: true };
  const refused = await api.call('POST', `${path}/accept`, body, { key: api.keys.operator });
  assert.deepEqual([refused.status, refused.json.code], [403, 'forbidden']);
  const accepted = await api.call('POST', `${path}/accept`, body);
  assert.deepEqual([accepted.status, accepted.json.data.verdict.ok], [200, false]);
  const line = api.logged.find(({ event }) => event === 'receipt.accepted')?.fields;
  assert.deepEqual([line?.forced, line?.verdict], [true, 'mismatch']);
});

test('an acceptance that is asked for again under its key gives the first answer', async () => {
  const { api, path, correct } = await rejectedOne();
  await correct();
  const headers = { 'Idempotency-Key': 'once' };
  const first = await api.call('POST', `${path}/accept`, {}, { headers });
  const second = await api.call('POST', `${path}/accept`, {}, { headers });
  assert.deepEqual([second.status, second.text], [200, first.text]);
});

test('what is rejected is not reprocessed, and somebody else finds nothing at all', async () => {
  const { api, path } = await rejectedOne();
  assert.equal((await api.call('POST', `${path}/reprocess`)).json.code, 'receipt_rejected');
  for (const what of ['reprocess', 'reverify', 'accept']) {
    assert.equal((await api.call('POST', `${path}/${what}`, undefined, { key: api.foreignKey })).status, 404, what);
    assert.equal((await api.call('POST', `${path}/${what}`, { colour: 1 })).json.errors[0].pointer, '/colour', what);
    assert.equal((await api.call('POST', `${path}/${what}`, undefined, { key: api.keys.viewer })).status, 403, what);
  }
});

test('what is held is found by that, and can be worked through by hand', async () => {
  const api = await openApi();
  const { id, post } = await sourceOf(api);
  assert.equal((await api.call('POST', `/api/v1/sources/${id}/pause`)).status, 200);
  const answer = await post(signed(SECRET));
  const { receiptId, ...told } = answer.json;
  assert.deepEqual([answer.status, told.success, told.action], [200, true, 'ignored']);
  assert.equal(told.reason, 'Held: the source is paused.');
  const held = (await api.call('GET', `/api/v1/receipts?sourceId=${id}&outcome=held`)).json.data;
  assert.deepEqual(
    held.map((receipt: { id: string }) => receipt.id),
    [receiptId],
  );
  assert.deepEqual([held[0].facts.length, held[0].effects, held[0].revision, held[0].redeliveryOf], [1, [], 0, null]);
  const { data } = (await api.call('POST', `/api/v1/receipts/${receiptId}/reprocess`)).json;
  assert.deepEqual([data.outcome, data.revision, data.effects.length], ['ignored', 1, 1]);
});
