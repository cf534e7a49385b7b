/** What deliveries show that ended without another try. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, receiverAnswer, type TestApi } from '../../../test/support/api.ts';
import { tryOnce } from '../../../test/support/flows.ts';
import type { Ticket } from '../../ports.ts';

interface Made {
  api: TestApi;
  subscription: string;
  ticket: Ticket;
  shown: () => Promise<Record<string, unknown>>;
}

/** A delivery whose first try was answered with 503. */
async function failedOnce(more: object = {}): Promise<Made> {
  const api = await openApi();
  const input = { name: 'all', url: 'https://api.example.com/hook', authType: 'signature', ...more };
  const made = await api.call('POST', '/api/v1/webhook-subscriptions', input);
  await api.call('POST', '/api/v1/events', { type: 'a.b', data: 1 });
  const ticket = api.handovers.at(-1)?.tickets[0] ?? assert.fail();
  api.receiverAnswers(receiverAnswer(503, 'in repair'));
  api.advance(5);
  const { settled } = await tryOnce(api.ports, ticket);
  assert.ok(settled.kind === 'settled' && settled.ticket !== null);
  const shown = async () => (await api.call('GET', `/api/v1/deliveries/${ticket.deliveryId}`)).json.data;
  return { api, subscription: `/api/v1/webhook-subscriptions/${made.json.data.id}`, ticket: settled.ticket, shown };
}

const OF_THE_ENDING = [
  'status',
  'nextRetryAt',
  'closedAt',
  'errorClass',
  'code',
  'error',
  'errorSummary',
  'cause',
  'remedy',
];

test('one that is cancelled after a try keeps what that try sent and was answered, and says why it ended', async () => {
  const { api, ticket, shown } = await failedOnce();
  const before = await shown();
  assert.deepEqual([before.statusCode, before.responseBody, before.attempt], [503, 'in repair', 1]);
  api.advance(1000);
  await api.call('POST', `/api/v1/deliveries/${ticket.deliveryId}/cancel`);
  const after = await shown();
  const moved = Object.keys(after).filter((name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]));
  assert.deepEqual(moved.toSorted(), OF_THE_ENDING.toSorted());
  assert.deepEqual([after.status, after.code, after.closedAt], ['cancelled', 'cancelled', '2026-03-04T09:30:01.005Z']);
  assert.match(`${after.error}`, /^Not sent again after try 1: cancelled by key /);
  const [listed] = (await api.call('GET', '/api/v1/deliveries')).json.data;
  assert.deepEqual(listed, after);
});

test('one that is closed shows what it was tried with, whatever becomes of its subscription', async () => {
  const { api, subscription, ticket, shown } = await failedOnce({ profile: 'forge', retryPolicy: { maxRetries: 2 } });
  await api.call('PATCH', subscription, { retryPolicy: { maxRetries: 5 } });
  assert.equal((await shown()).maxAttempts, 6);
  await api.call('POST', `/api/v1/deliveries/${ticket.deliveryId}/cancel`);
  const again = await api.call('POST', `/api/v1/deliveries/${ticket.deliveryId}/redeliver`);
  const path = again.headers.get('location') ?? '';
  await api.call('POST', `${path}/cancel`);
  const both = async () => [await shown(), (await api.call('GET', path)).json.data];
  const before = await both();
  assert.deepEqual(
    before.map(({ maxAttempts, eventId }) => [maxAttempts, eventId]),
    [
      [3, ticket.eventId],
      [6, null],
    ],
  );
  const patched = await api.call('PATCH', subscription, { profile: 'standard', retryPolicy: { maxRetries: 9 } });
  assert.equal(patched.status, 200, patched.text);
  assert.deepEqual(await both(), before);
});

test('a test has one attempt, whatever its subscription allows', async () => {
  const { api, subscription } = await failedOnce({ retryPolicy: { maxRetries: 5 } });
  const tested = await api.call('POST', `${subscription}/test`, { event: 'ping' });
  const { data } = (await api.call('GET', `/api/v1/deliveries/${tested.json.data.deliveryId}`)).json;
  assert.deepEqual([data.kind, data.status, data.maxAttempts], ['test', 'failed_permanent', 1]);
});
