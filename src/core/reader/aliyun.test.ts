import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readAliyun } from './aliyun.ts';
import type { ReaderInput } from './reading.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;

function image(pushData: object, repository: object, changes: Partial<ReaderInput> = {}) {
  const reading = readAliyun(readerInput({ push_data: pushData, repository }, changes));
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a push has tag and digest, and a time in the zone of the source', () => {
  assert.deepEqual(readAliyun(readerInput(sample('aliyun-push'), { timeZone: 'Asia/Shanghai' })), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.push',
          registry: 'registry.eu-central-1.aliyuncs.com',
          repository: 'coast/lighthouse',
          tag: '2.4.0',
          digest: DIGEST,
          timeMs: 1_767_225_600_000,
          timeSource: 'push_data.pushed_at (iso, zone of the source)',
          actor: null,
          origin: 'user',
        },
        provenance: {
          kind: '/push_data',
          registry: '/repository/region',
          repository: '/repository/repo_full_name',
          tag: '/push_data/tag',
          digest: '/push_data/digest',
          time: '/push_data/pushed_at',
        },
      },
    ],
  });
});

test('without a zone of the source the time is not believed', () => {
  const pushData = { tag: 'v1', pushed_at: '2026-01-01 08:00:00' };
  assert.equal(image(pushData, { repo_full_name: 'a/b' }).timeMs, null);
});

test('a configured registry goes before the public one of the region, for it has a host of its own', () => {
  const repository = { repo_full_name: 'coast/buoy', region: 'cn-hangzhou' };
  const registry = 'coast-registry.cn-hangzhou.cr.aliyuncs.com';
  assert.equal(image({ tag: 'v1' }, repository, { registry }).registry, registry);
  assert.equal(image({ tag: 'v1' }, repository).registry, 'registry.cn-hangzhou.aliyuncs.com');
  for (const region of ['evil.example/x', 'cn hangzhou', '', 7, undefined]) {
    assert.equal(image({ tag: 'v1' }, { ...repository, region }).registry, null);
  }
});

test('the repository may be given in parts', () => {
  assert.equal(image({ tag: 'v1' }, { namespace: 'Coast', name: 'Buoy' }).repository, 'coast/buoy');
});

test('a push that names neither tag nor digest is ignored', () => {
  const body = { push_data: { tag: '', digest: 'sha256:cut' }, repository: { repo_full_name: 'a/b' } };
  assert.equal(readAliyun(readerInput(body)).kind, 'ignored');
});

test('what is not a trigger of this registry is unreadable, with the field at fault', () => {
  const pointerOf = (body: unknown) => {
    const reading = readAliyun(readerInput(body));
    return reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  };
  assert.equal(pointerOf('x'), '');
  assert.equal(pointerOf({}), '/push_data');
  assert.equal(pointerOf({ push_data: { tag: 'v1' } }), '/repository/repo_full_name');
});
