import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readNexus } from './nexus.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const COMPONENT = { format: 'docker', name: 'coast/buoy', version: 'v1' };

function read(component: object, more: object = {}, headers: Record<string, string> = {}) {
  return readNexus(readerInput({ action: 'CREATED', component: { ...COMPONENT, ...component }, ...more }, { headers }));
}

function image(reading: ReturnType<typeof readNexus>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a new component is a push to the host of the source, by the user without the address', () => {
  const headers = { 'x-nexus-webhook-id': 'rm:repository:component' };
  const reading = readNexus(readerInput(sample('nexus-created'), { headers, registry: 'nexus.example:8083' }));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts, [
    {
      fact: {
        kind: 'image.push',
        registry: 'nexus.example:8083',
        repository: 'coast/lighthouse',
        tag: '2.4.0',
        digest: null,
        timeMs: 1_767_225_600_125,
        timeSource: 'timestamp (iso)',
        actor: 'keeper',
        origin: 'user',
      },
      provenance: {
        kind: '/action',
        repository: '/component/name',
        tag: '/component/version',
        time: '/timestamp',
        actor: '/initiator',
      },
    },
  ]);
});

test('without a configured host the registry is not known', () => {
  assert.equal(image(read({})).registry, null);
});

test('updates are pushes and deletions are deletions', () => {
  assert.equal(image(read({}, { action: 'UPDATED' })).kind, 'image.push');
  assert.equal(image(read({}, { action: 'DELETED' })).kind, 'image.delete');
  assert.equal(read({}, { action: 'PURGED' }).kind, 'ignored');
});

test('a version that is a digest is no tag', () => {
  const pushed = image(read({ version: DIGEST }));
  assert.deepEqual([pushed.tag, pushed.digest], [null, DIGEST]);
  for (const version of ['', null, 'sha256:1']) assert.equal(read({ version }).kind, 'ignored');
});

test('the user is what stands before the address', () => {
  const actorOf = (initiator: unknown) => image(read({}, { initiator })).actor;
  assert.equal(actorOf('anonymous'), 'anonymous');
  assert.equal(actorOf('uk/keeper/::1'), 'uk/keeper');
  assert.equal(actorOf('/192.0.2.7'), null);
  assert.equal(actorOf(7), null);
});

test('assets, other formats and events about other things are ignored', () => {
  assert.equal(
    readNexus(readerInput({ action: 'UPDATED', asset: { format: 'docker', name: 'v2/x' } })).kind,
    'ignored',
  );
  assert.equal(read({ format: 'npm' }).kind, 'ignored');
  for (const id of ['rm:repository:asset', 'rm:global:audit', '']) {
    assert.equal(read({}, {}, { 'x-nexus-webhook-id': id }).kind, 'ignored', id);
  }
  assert.equal(read({}, {}, { 'x-nexus-webhook-id': 'RM:REPOSITORY:COMPONENT' }).kind, 'facts');
});

test('what is no event of a component is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readNexus>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readNexus(readerInput([]))), '');
  assert.equal(pointerOf(readNexus(readerInput({ action: 'CREATED' }))), '/component');
  assert.equal(pointerOf(read({}, { action: null })), '/action');
  assert.equal(pointerOf(read({ name: 'a b' })), '/component/name');
});
