import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readGiteaPackage } from './gitea-package.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const PACKAGE = { owner: { login: 'coast' }, type: 'container', name: 'buoy', version: 'v1' };

function read(
  changes: object,
  more: object = {},
  headers: Record<string, string> = {},
  registry: string | null = null,
) {
  const body = { action: 'created', package: { ...PACKAGE, ...changes }, ...more };
  return readGiteaPackage(readerInput(body, { headers, registry }));
}

function image(reading: ReturnType<typeof readGiteaPackage>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact !== undefined && 'digest' in fact);
  return fact;
}

test('a new version of a container is a push to its owner, on the host of its page', () => {
  const headers = { 'x-gitea-event': 'package' };
  const reading = readGiteaPackage(readerInput(sample('gitea-package-created'), { headers }));
  assert.ok(reading.kind === 'facts');
  assert.deepEqual(reading.facts, [
    {
      fact: {
        kind: 'image.push',
        registry: 'git.coast.example:3000',
        repository: 'coast/lighthouse',
        tag: '2.4.0',
        digest: null,
        timeMs: 1_767_225_600_000,
        timeSource: 'package.created_at (iso)',
        actor: 'keeper',
        origin: 'user',
      },
      provenance: {
        kind: '/action',
        registry: '/package/html_url',
        repository: '/package',
        tag: '/package/version',
        time: '/package/created_at',
        actor: '/sender/login',
      },
    },
  ]);
});

test('the configured host is for payloads whose page has none', () => {
  assert.equal(
    image(read({ html_url: '/coast/-/packages/container/buoy/v1' }, {}, {}, 'set.example')).registry,
    'set.example',
  );
  assert.equal(image(read({ html_url: 'https://git.example/x' }, {}, {}, 'set.example')).registry, 'git.example');
  assert.equal(image(read({})).registry, null);
});

test('a container pushed by digest has no tag', () => {
  const pushed = image(read({ version: DIGEST }));
  assert.deepEqual([pushed.tag, pushed.digest], [null, DIGEST]);
  assert.equal(read({ version: '' }).kind, 'ignored');
});

test('names of containers may have several parts, names of owners may not', () => {
  assert.equal(image(read({ name: 'sea/buoy' })).repository, 'coast/sea/buoy');
  assert.equal(read({ owner: { login: 'a/b' } }).kind, 'unreadable');
});

test('a deletion does not happen when its version was made', () => {
  const deleted = image(read({ created_at: '2026-01-01T00:00:00Z' }, { action: 'deleted' }));
  assert.deepEqual([deleted.kind, deleted.timeMs, deleted.timeSource], ['image.delete', null, 'received']);
});

test('workflows push as accounts of their own', () => {
  const originOf = (login: string) => image(read({}, { sender: { login } })).origin;
  assert.equal(originOf('gitea-actions'), 'ci');
  assert.equal(originOf('forgejo-actions'), 'ci');
  assert.equal(originOf('keeper'), 'user');
});

test('other packages, other actions and other events are ignored', () => {
  for (const type of ['generic', 'npm', 'helm', undefined]) assert.equal(read({ type }).kind, 'ignored');
  assert.equal(read({}, { action: 'updated' }).kind, 'ignored');
  for (const name of ['x-gitea-event', 'x-forgejo-event']) {
    assert.equal(read({}, {}, { [name]: 'push' }).kind, 'ignored', name);
    assert.equal(read({}, {}, { [name]: 'package' }).kind, 'facts', name);
  }
});

test('what is no event of a package is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readGiteaPackage>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readGiteaPackage(readerInput('x'))), '');
  assert.equal(pointerOf(readGiteaPackage(readerInput({ action: 'created' }))), '/package');
  assert.equal(pointerOf(read({}, { action: 7 })), '/action');
  assert.equal(pointerOf(read({ name: 'a b' })), '/package/name');
  assert.equal(pointerOf(read({ owner: null })), '/package/name');
});
