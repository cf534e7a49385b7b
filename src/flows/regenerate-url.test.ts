import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOf } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { changed, doorOf, madeSource } from '../../test/support/source-flows.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { regenerateUrl } from './regenerate-url.ts';

const HOUR_MS = 3_600_000;

async function regenerated(ports: FakePorts, id: Id, graceSeconds?: number): Promise<string> {
  const outcome = await regenerateUrl(ports, { tenant: DEFAULT_TENANT, id, graceSeconds });
  assert.ok(outcome.kind === 'changed', JSON.stringify(outcome));
  return outcome.source.config?.urlKey ?? assert.fail();
}

async function hub(ports: FakePorts): Promise<{ id: Id; key: string }> {
  const { source } = await madeSource(ports, { type: 'dockerhub' });
  return { id: source.id, key: source.config?.urlKey ?? assert.fail() };
}

test('a secret URL that is made anew is another one, and the old one leads nowhere', async () => {
  const ports = fakePorts();
  const { id, key } = await hub(ports);
  const next = await regenerated(ports, id);
  assert.notEqual(next, key);
  assert.equal(doorOf(ports, next)?.source.id, id);
  assert.equal(doorOf(ports, key), undefined);
});

test('with a grace the old one leads to the source until its time, also after other changes', async () => {
  const ports = fakePorts();
  const { id, key } = await hub(ports);
  const untilMs = ports.clock.nowMs() + HOUR_MS;
  const next = await regenerated(ports, id, 3600);
  await changed(ports, id, { patch: { name: 'another' } });
  assert.deepEqual([doorOf(ports, key)?.source.id, doorOf(ports, key)?.untilMs], [id, untilMs]);
  assert.equal(doorOf(ports, next)?.untilMs, null);
  await regenerated(ports, id, 0);
  assert.deepEqual([doorOf(ports, key), doorOf(ports, next)], [undefined, undefined]);
});

test('where there is none it is refused', async () => {
  const ports = fakePorts();
  const { source } = await madeSource(ports, { type: 'native' });
  problemOf(await regenerateUrl(ports, { tenant: DEFAULT_TENANT, id: source.id }), 'rotation_refused');
  problemOf(await regenerateUrl(ports, { tenant: source.id, id: source.id }), 'not_found');
});

test('another scheme ends all URLs, and coming back makes a new one', async () => {
  const ports = fakePorts();
  const { id, key } = await hub(ports);
  const next = await regenerated(ports, id, 3600);
  await changed(ports, id, { patch: { scheme: { type: 'token' } } });
  const { source } = await changed(ports, id, { patch: { scheme: { type: 'url' } } });
  assert.ok(![key, next].includes(source.config?.urlKey ?? ''));
  assert.deepEqual([doorOf(ports, key), doorOf(ports, next)], [undefined, undefined]);
});
