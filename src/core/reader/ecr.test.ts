import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readEcr } from './ecr.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const DETAIL = { result: 'SUCCESS', 'action-type': 'PUSH', 'repository-name': 'coast/buoy', 'image-tag': 'v1' };

function read(detail: object, more: object = {}, registry: string | null = null) {
  const event = { 'detail-type': 'ECR Image Action', account: '210987654321', region: 'eu-central-1', ...more };
  return readEcr(readerInput({ ...event, detail: { ...DETAIL, ...detail } }, { registry }));
}

function image(reading: ReturnType<typeof readEcr>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a push names the registry by account and region', () => {
  const reading = readEcr(readerInput(sample('ecr-push')));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts, [
    {
      fact: {
        kind: 'image.push',
        registry: '210987654321.dkr.ecr.eu-central-1.amazonaws.com',
        repository: 'coast/lighthouse',
        tag: '2.4.0',
        digest: DIGEST,
        timeMs: 1_767_225_600_000,
        timeSource: 'time (iso)',
        actor: null,
        origin: 'user',
      },
      provenance: {
        kind: '/detail/action-type',
        registry: '/account',
        repository: '/detail/repository-name',
        tag: '/detail/image-tag',
        digest: '/detail/image-digest',
        time: '/time',
      },
    },
  ]);
});

test('an account or a region that is none leaves the registry to the configuration', () => {
  assert.equal(image(read({}, { account: 'x' }, 'set.example')).registry, 'set.example');
  assert.equal(image(read({}, { region: 7 }, 'set.example')).registry, 'set.example');
  assert.equal(image(read({}, {}, 'set.example')).registry, '210987654321.dkr.ecr.eu-central-1.amazonaws.com');
});

test('a digest that is too short is none, and an image without tag is known by its digest', () => {
  assert.equal(image(read({ 'image-digest': DIGEST.slice(0, -4) })).digest, null);
  assert.equal(image(read({ 'image-digest': DIGEST, 'image-tag': undefined })).tag, null);
  assert.equal(read({ 'image-digest': DIGEST.slice(0, -4), 'image-tag': undefined }).kind, 'ignored');
});

test('what was replicated or pulled through the cache was not pushed by anybody', () => {
  const cached = readEcr(readerInput(sample('ecr-pull-through')));
  assert.deepEqual([image(cached).kind, image(cached).origin], ['image.push', 'proxy-cache']);
  assert.equal(cached.kind === 'facts' && cached.facts[0]?.provenance.origin, '/detail-type');
  const replica = read({ 'action-type': 'REPLICATE' }, { 'detail-type': 'ECR Replication Action' });
  assert.equal(image(replica).origin, 'replication');
});

test('deletions are deletions, and charts are charts', () => {
  const chart = { 'artifact-media-type': 'application/vnd.cncf.helm.config.v1+json' };
  assert.equal(image(read({ 'action-type': 'DELETE' })).kind, 'image.delete');
  assert.equal(image(read(chart)).kind, 'chart.push');
  assert.equal(image(read({ ...chart, 'action-type': 'DELETE' })).kind, 'image.delete');
});

test('scans, referrers, the archive, other artifacts and failures change no image', () => {
  for (const type of ['ECR Image Scan', 'ECR Scan Resource Change', 'ECR Referrer Action', 'EC2 Instance']) {
    assert.equal(read({}, { 'detail-type': type }).kind, 'ignored', type);
  }
  assert.equal(read({ 'action-type': 'UPDATE_STORAGE_CLASS' }).kind, 'ignored');
  assert.equal(read({ 'manifest-media-type': 'application/vnd.cncf.oras.artifact.manifest.v1+json' }).kind, 'ignored');
  assert.equal(read({ result: 'FAILED' }).kind, 'ignored');
  assert.equal(read({ 'sync-status': 'FAILED' }, { 'detail-type': 'ECR Pull Through Cache Action' }).kind, 'ignored');
});

test('what is no event of the registry is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readEcr>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readEcr(readerInput([]))), '');
  assert.equal(pointerOf(readEcr(readerInput({}))), '/detail-type');
  assert.equal(pointerOf(read({ 'repository-name': '' })), '/detail/repository-name');
});
