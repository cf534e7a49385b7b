import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi } from '../../../test/support/api.ts';

test('subscriptions and sources say which key made them', async () => {
  const api = await openApi();
  const keys: { id: string; role: string }[] = (await api.call('GET', '/api/v1/keys')).json.data;
  const idOf = (role: string) => keys.find((key) => key.role === role)?.id ?? assert.fail(role);
  for (const [path, input] of [
    ['/api/v1/webhook-subscriptions', { name: 'n', url: 'https://api.example.com/hook' }],
    ['/api/v1/sources', { type: 'dockerhub' }],
  ] as const) {
    for (const role of ['admin', 'operator'] as const) {
      const made = await api.call('POST', path, input, { key: api.keys[role] });
      assert.equal(made.json.data.createdBy, idOf(role), made.text);
      const got = await api.call('GET', `${path}/${made.json.data.id}`);
      assert.equal(got.json.data.createdBy, idOf(role), path);
    }
  }
});
