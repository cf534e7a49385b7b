import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { doorOf, madeSource } from '../../test/support/source-flows.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { createSource } from './create-source.ts';

const V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a new source', () => {
  test('with a secret URL is found by the digest of its key, which is a random UUID v4', async () => {
    const ports = fakePorts();
    const { source } = await madeSource(ports, { type: 'dockerhub' });
    assert.match(source.config?.urlKey ?? '', V4);
    const door = doorOf(ports, source.config?.urlKey);
    assert.deepEqual([door?.source.id, door?.untilMs], [source.id, null]);
    assert.equal(doorOf(ports, source.config?.urlKey?.toUpperCase()), undefined);
  });

  test('gets a secret that its kind of sender can load', async () => {
    const ports = fakePorts();
    const forms = [
      [undefined, /^[A-Za-z0-9_-]{43}$/],
      [{ type: 'standard-webhooks' }, /^whsec_[A-Za-z0-9+/]{43}=$/],
      [{ type: 'basic' }, /^hookyard:[A-Za-z0-9_-]{43}$/],
    ] as const;
    for (const [scheme, form] of forms) {
      assert.match((await madeSource(ports, { type: 'native', scheme })).generatedSecret ?? '', form);
    }
  });

  test('is sealed in the store', async () => {
    const ports = fakePorts();
    const { source } = await madeSource(ports, { type: 'native', secret: 'c4n4ry' });
    const [row] = (await ports.store.configuration(DEFAULT_TENANT)).sources;
    assert.ok(row !== undefined && !Buffer.from(row.config).toString('latin1').includes('c4n4ry'));
    assert.deepEqual(ports.configuration.peek(DEFAULT_TENANT)?.sources.get(source.id), source);
  });

  test('is ready with its filters and its allow-list', async () => {
    const filters = [{ field: '$.tag', operator: 'equals', value: 'v1' } as const];
    const { source } = await madeSource(fakePorts(), { type: 'native', filters, ipAllowList: ['10.0.0.0/8'] });
    assert.deepEqual([source.filters.rules.map(({ rule }) => rule), source.allowedFrom.length], [filters, 1]);
  });

  test('that makes no sense is refused, and so is a limit above that of the instance', async () => {
    const ports = fakePorts();
    const request = { tenant: DEFAULT_TENANT, by: null, enabled: true, mostBodyBytes: 100 };
    const inputs = [
      { type: 'dockerhub', secret: 's' },
      { type: 'dockerhub', maxBodyBytes: 101 },
    ];
    for (const input of inputs) problemOf(await createSource(ports, { ...request, input }), 'validation_failed');
    assert.equal((await ports.store.configuration(DEFAULT_TENANT)).sources.length, 0);
    const most = await createSource(ports, { ...request, input: { type: 'dockerhub', maxBodyBytes: 100 } });
    assert.equal(most.kind, 'created');
  });
});
