import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { changed, doorOf, madeSource, tryChange } from '../../test/support/source-flows.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { shownSource } from '../core/source-input.ts';
import { deleteSource } from './delete-source.ts';
import { pauseSource } from './pause-source.ts';

describe('a change of a source', () => {
  test('that names everything as it stands keeps the secret, and makes no version', async () => {
    for (const scheme of [
      { type: 'hmac-sha1', header: 'X-Sig', prefix: '' },
      { type: 'slack', toleranceSeconds: 60 },
      { type: 'token' },
      { type: 'basic' },
      { type: 'standard-webhooks' },
    ]) {
      const ports = fakePorts();
      const { source } = await madeSource(ports, { type: 'native', scheme, secret: 'a:secret', rateLimit: null });
      assert.ok(source.config !== null);
      const after = await changed(ports, source.id, { patch: shownSource(source.config), enabled: true });
      assert.deepEqual([after.source.config, after.source.version], [source.config, 1]);
      assert.equal(after.generatedSecret, null);
    }
  });

  test('of a detail of its scheme keeps the secret', async () => {
    const ports = fakePorts();
    const { source } = await madeSource(ports, { type: 'native', secret: 'mine' });
    const { source: after } = await changed(ports, source.id, { patch: { signatureHeader: 'X-Sig' } });
    assert.deepEqual([after.config?.secrets, after.version], [['mine'], 2]);
    assert.equal(after.config?.scheme.type === 'hmac' && after.config.scheme.header, 'X-Sig');
  });

  test('to another secret keeps the one before, which has ended', async () => {
    const ports = fakePorts();
    const { source } = await madeSource(ports, { type: 'native', secret: 'mine' });
    const { source: after } = await changed(ports, source.id, { patch: { secret: 'yours' } });
    assert.deepEqual(after.config?.retiringSecrets, [{ secret: 'mine', untilMs: 0 }]);
    const { source: renamed } = await changed(ports, source.id, { patch: { name: 'other' } });
    assert.deepEqual(renamed.config?.retiringSecrets, after.config?.retiringSecrets);
  });

  test('to a scheme of another type makes a new secret, or none', async () => {
    const ports = fakePorts();
    const { source } = await madeSource(ports, { type: 'native', secret: 'older' });
    await changed(ports, source.id, { patch: { secret: 'mine' } });
    const token = await changed(ports, source.id, { patch: { scheme: { type: 'token' } } });
    assert.notEqual(token.generatedSecret, null);
    assert.deepEqual(token.source.config?.secrets, [token.generatedSecret]);
    assert.deepEqual(token.source.config?.retiringSecrets, []);
    const url = await changed(ports, source.id, { patch: { scheme: { type: 'url' } } });
    assert.deepEqual([url.source.config?.secrets, url.generatedSecret], [[], null]);
    assert.equal(doorOf(ports, url.source.config?.urlKey)?.source.id, source.id);
  });

  test('of something else leaves the secret URL and a pause as they are', async () => {
    const ports = fakePorts();
    const { source } = await madeSource(ports, { type: 'dockerhub' });
    await pauseSource(ports, { tenant: DEFAULT_TENANT, id: source.id, paused: true });
    const { source: after } = await changed(ports, source.id, { patch: { name: 'hub' }, enabled: false });
    assert.equal(after.config?.urlKey, source.config?.urlKey);
    assert.deepEqual([after.config?.name, after.enabled], ['hub', false]);
    assert.notEqual(after.config?.pausedAtMs, null);
  });

  test('is held against the limit of the instance only where it sets one', async () => {
    const ports = fakePorts();
    const { id } = (await madeSource(ports, { type: 'native', maxBodyBytes: 500 })).source;
    await changed(ports, id, { patch: { name: 'other' }, mostBodyBytes: 100 });
    problemOf(await tryChange(ports, id, { patch: { maxBodyBytes: 200 }, mostBodyBytes: 100 }), 'validation_failed');
  });

  test('on a version that has passed is refused; on none in particular it is made on what stands', async () => {
    const ports = fakePorts();
    const { id } = (await madeSource(ports, { type: 'dockerhub' })).source;
    await Promise.all([
      changed(ports, id, { patch: { name: 'a' } }),
      changed(ports, id, { patch: { description: 'b' } }),
    ]);
    const { config, version } = (await changed(ports, id, {})).source;
    assert.deepEqual([config?.name, config?.description, version], ['a', 'b', 3]);
    problemOf(await tryChange(ports, id, { patch: { name: 'c' }, ifVersion: 1 }), 'precondition_failed');
  });
});

test('a deleted source is gone with its URL', async () => {
  const ports = fakePorts();
  const { source } = await madeSource(ports, { type: 'dockerhub' });
  const request = { tenant: DEFAULT_TENANT, id: source.id };
  assert.deepEqual(await deleteSource(ports, request), { kind: 'deleted' });
  assert.equal(doorOf(ports, source.config?.urlKey), undefined);
  problemOf(await deleteSource(ports, request), 'not_found');
});
