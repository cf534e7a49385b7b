import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import type { SourceInput } from '../core/source-input.ts';
import type { LiveSource } from './configuration.ts';
import {
  type ChangedSource,
  type ChangeSource,
  changeSource,
  createSource,
  deleteSource,
  type MadeSource,
  regenerateUrl,
  schemeInput,
} from './sources.ts';

const V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function made(ports: FakePorts, input: SourceInput): Promise<MadeSource> {
  const outcome = await createSource(ports, { tenant: DEFAULT_TENANT, by: null, input, enabled: true });
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome));
  return outcome;
}

function change(ports: FakePorts, id: Id, more: Partial<ChangeSource>) {
  return changeSource(ports, { tenant: DEFAULT_TENANT, id, patch: {}, ifVersion: null, ...more });
}

async function changed(ports: FakePorts, id: Id, more: Partial<ChangeSource>): Promise<ChangedSource> {
  const outcome = await change(ports, id, more);
  assert.ok(outcome.kind === 'changed', JSON.stringify(outcome));
  return outcome;
}

function byKey(ports: FakePorts, urlKey: string | null | undefined): LiveSource | undefined {
  const digest = Buffer.from(ports.mac.sha256(urlKey ?? '')).toString('hex');
  return ports.configuration.peek(DEFAULT_TENANT)?.sourcesByUrlKey.get(digest);
}

describe('a new source', () => {
  test('with a secret URL is found by the digest of its key, which is a random UUID v4', async () => {
    const ports = fakePorts();
    const { source } = await made(ports, { type: 'dockerhub' });
    assert.match(source.config?.urlKey ?? '', V4);
    assert.equal(byKey(ports, source.config?.urlKey)?.id, source.id);
    assert.equal(byKey(ports, source.config?.urlKey?.toUpperCase()), undefined);
  });

  test('gets a secret that its kind of sender can load', async () => {
    const ports = fakePorts();
    assert.match((await made(ports, { type: 'native' })).generatedSecret ?? '', /^[A-Za-z0-9_-]{43}$/);
    const standard = await made(ports, { type: 'native', scheme: { type: 'standard-webhooks' } });
    assert.match(standard.generatedSecret ?? '', /^whsec_[A-Za-z0-9+/]{43}=$/);
  });

  test('is sealed in the store', async () => {
    const ports = fakePorts();
    const { source } = await made(ports, { type: 'native', secret: 'c4n4ry' });
    const [row] = (await ports.store.configuration(DEFAULT_TENANT)).sources;
    assert.ok(row !== undefined && !Buffer.from(row.config).toString('latin1').includes('c4n4ry'));
    assert.deepEqual(ports.configuration.peek(DEFAULT_TENANT)?.sources.get(source.id)?.config, source.config);
  });

  test('that makes no sense is refused', async () => {
    const ports = fakePorts();
    const input = { type: 'dockerhub', secret: 's' };
    const outcome = await createSource(ports, { tenant: DEFAULT_TENANT, by: null, input, enabled: true });
    problemOf(outcome, 'validation_failed');
    assert.equal((await ports.store.configuration(DEFAULT_TENANT)).sources.length, 0);
  });
});

describe('a change of a source', () => {
  test('that names its scheme as it stands keeps the secret, and makes no version', async () => {
    for (const scheme of [
      { type: 'hmac-sha1', header: 'X-Sig', prefix: '' },
      { type: 'token' },
      { type: 'standard-webhooks' },
    ]) {
      const ports = fakePorts();
      const { source } = await made(ports, { type: 'native', scheme });
      assert.ok(source.config !== null);
      const patch = { type: 'native', name: 'native', scheme: schemeInput(source.config), registry: null };
      const after = await changed(ports, source.id, { patch, enabled: true });
      assert.deepEqual([after.source.config, after.source.version], [source.config, 1]);
      assert.equal(after.generatedSecret, null);
    }
  });

  test('of a detail of its scheme keeps the secret', async () => {
    const ports = fakePorts();
    const { source } = await made(ports, { type: 'native', secret: 'mine' });
    const { source: after } = await changed(ports, source.id, { patch: { signatureHeader: 'X-Sig' } });
    assert.deepEqual([after.config?.secrets, after.version], [['mine'], 2]);
    assert.equal(after.config?.scheme.type === 'hmac' && after.config.scheme.header, 'X-Sig');
  });

  test('to a scheme of another type makes a new secret, or none', async () => {
    const ports = fakePorts();
    const { source } = await made(ports, { type: 'native', secret: 'mine' });
    const token = await changed(ports, source.id, { patch: { scheme: { type: 'token' } } });
    assert.notEqual(token.generatedSecret, null);
    assert.deepEqual(token.source.config?.secrets, [token.generatedSecret]);
    const url = await changed(ports, source.id, { patch: { scheme: { type: 'url' } } });
    assert.deepEqual([url.source.config?.secrets, url.generatedSecret], [[], null]);
    assert.equal(byKey(ports, url.source.config?.urlKey)?.id, source.id);
  });

  test('of something else leaves the secret URL as it is', async () => {
    const ports = fakePorts();
    const { source } = await made(ports, { type: 'dockerhub' });
    const { source: after } = await changed(ports, source.id, { patch: { name: 'hub' }, enabled: false });
    assert.equal(after.config?.urlKey, source.config?.urlKey);
    assert.deepEqual([after.config?.name, after.enabled], ['hub', false]);
  });

  test('on a version that has passed is refused; on none in particular it is made on what stands', async () => {
    const ports = fakePorts();
    const { id } = (await made(ports, { type: 'dockerhub' })).source;
    await Promise.all([
      changed(ports, id, { patch: { name: 'a' } }),
      changed(ports, id, { patch: { description: 'b' } }),
    ]);
    const { config, version } = (await changed(ports, id, {})).source;
    assert.deepEqual([config?.name, config?.description, version], ['a', 'b', 3]);
    problemOf(await change(ports, id, { patch: { name: 'c' }, ifVersion: 1 }), 'precondition_failed');
  });
});

describe('a secret URL', () => {
  test('that is made anew is another one, and the old one leads nowhere', async () => {
    const ports = fakePorts();
    const { source } = await made(ports, { type: 'dockerhub' });
    const outcome = await regenerateUrl(ports, { tenant: DEFAULT_TENANT, id: source.id });
    assert.ok(outcome.kind === 'changed');
    assert.match(outcome.source.config?.urlKey ?? '', V4);
    assert.equal(byKey(ports, outcome.source.config?.urlKey)?.id, source.id);
    assert.equal(byKey(ports, source.config?.urlKey), undefined);
  });

  test('cannot be made anew where there is none', async () => {
    const ports = fakePorts();
    const { source } = await made(ports, { type: 'native' });
    problemOf(await regenerateUrl(ports, { tenant: DEFAULT_TENANT, id: source.id }), 'validation_failed');
    problemOf(await regenerateUrl(ports, { tenant: source.id, id: source.id }), 'not_found');
  });
});

test('a deleted source is gone with its URL', async () => {
  const ports = fakePorts();
  const { source } = await made(ports, { type: 'dockerhub' });
  const request = { tenant: DEFAULT_TENANT, id: source.id };
  assert.deepEqual(await deleteSource(ports, request), { kind: 'deleted' });
  assert.equal(byKey(ports, source.config?.urlKey), undefined);
  problemOf(await deleteSource(ports, request), 'not_found');
});
