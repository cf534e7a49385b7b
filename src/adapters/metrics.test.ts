import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('counts add up by label', async () => {
  const metrics = createMetrics();
  metrics.count('receipts_total', { outcome: 'processed' });
  metrics.count('receipts_total', { outcome: 'processed' }, 4);
  metrics.count('receipts_total', { outcome: 'rejected' });
  metrics.count('events_accepted_total');
  const text = await metrics.expose();
  assert.match(text, /^hookyard_receipts_total\{outcome="processed"\} 5$/m);
  assert.match(text, /^hookyard_receipts_total\{outcome="rejected"\} 1$/m);
  assert.match(text, /^hookyard_events_accepted_total 1$/m);
});

test('observations fall into buckets, gauges keep the last value', async () => {
  const metrics = createMetrics();
  metrics.observe('http_request_seconds', 0.02, { route: '/a' });
  metrics.gauge('deliveries_queued', 7);
  metrics.gauge('deliveries_queued', 3);
  const text = await metrics.expose();
  assert.match(text, /hookyard_http_request_seconds_bucket\{le="0.025",route="\/a"\} 1/);
  assert.match(text, /hookyard_http_request_seconds_bucket\{le="0.01",route="\/a"\} 0/);
  assert.match(text, /^hookyard_deliveries_queued 3$/m);
});

test('labels outside the table are dropped and missing ones empty: a caller cannot break a metric', async () => {
  const metrics = createMetrics();
  metrics.count('http_requests_total', { route: '/a', colour: 'red' });
  assert.match(await metrics.expose(), /hookyard_http_requests_total\{route="\/a",method="",status=""\} 1/);
});

test('two registries do not share anything, and both show the process', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.count('events_accepted_total');
  assert.match(await other.expose(), /^hookyard_events_accepted_total 0$/m);
  assert.match(await other.expose(), /^hookyard_process_cpu_user_seconds_total /m);
});
