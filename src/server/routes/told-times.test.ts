/** The times in the answer to a change are those that are read afterwards, however long the change took. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, type TestApi } from '../../../test/support/api.ts';

const SUBSCRIPTION = { name: 'n', url: 'https://api.example.com/hooks', authType: 'signature', signatureSecret: 'one' };
const KEYED = { headers: { 'Idempotency-Key': 'once' } };

/** An API whose clock moves whenever it is read. */
async function hurried(): Promise<TestApi> {
  const api = await openApi();
  const { clock } = api.ports;
  const nowMs = clock.nowMs.bind(clock);
  const moving = () => {
    const readMs = nowMs();
    api.advance(1);
    return readMs;
  };
  Object.assign(clock, { nowMs: moving });
  return api;
}

interface Row {
  what: string;
  path: string;
  input: object;
}

const MADE: readonly Row[] = [
  { what: 'subscription', path: '/api/v1/webhook-subscriptions', input: SUBSCRIPTION },
  {
    what: 'subscription that is made disabled',
    path: '/api/v1/webhook-subscriptions',
    input: { ...SUBSCRIPTION, enabled: false },
  },
  { what: 'source', path: '/api/v1/sources', input: { name: 'n', type: 'dockerhub' } },
];

for (const { what, path, input } of MADE) {
  test(`a ${what} may be sent back as it was shown when it was made, also by a repetition`, async () => {
    const api = await hurried();
    const made = await api.call('POST', path, input, KEYED);
    assert.equal(made.status, 201, made.text);
    const { data } = made.json;
    assert.deepEqual((await api.call('POST', path, input, KEYED)).json.data, data);
    const got = (await api.call('GET', `${path}/${data.id}`)).json.data;
    assert.deepEqual({ ...data, ...got }, data);
    const { signatureSecret: _once, ...shown } = data;
    const patched = await api.call('PATCH', `${path}/${data.id}`, { ...shown, name: 'another' });
    assert.equal(patched.status, 200, patched.text);
  });
}

test('an API key is listed with the time it was shown with when it was made', async () => {
  const api = await hurried();
  const made = (await api.call('POST', '/api/v1/keys', { name: 'ci', role: 'publisher' })).json.data;
  const listed: { id: string; createdAt: string }[] = (await api.call('GET', '/api/v1/keys')).json.data;
  assert.equal(listed.find(({ id }) => id === made.id)?.createdAt, made.createdAt);
});

test('a rotated secret and a regenerated URL show when the object is updated', async () => {
  const api = await hurried();
  const hook = (await api.call('POST', '/api/v1/webhook-subscriptions', SUBSCRIPTION)).json.data;
  const source = (await api.call('POST', '/api/v1/sources', { name: 'n', type: 'dockerhub' })).json.data;
  for (const [object, verb] of [
    [`/api/v1/webhook-subscriptions/${hook.id}`, 'secret/rotate'],
    [`/api/v1/sources/${source.id}`, 'regenerate-url'],
  ]) {
    const told = await api.call('POST', `${object}/${verb}`);
    assert.equal(told.status, 200, told.text);
    assert.equal((await api.call('GET', object ?? '')).json.data.updatedAt, told.json.data.updatedAt);
  }
});
