import assert from 'node:assert/strict';
import test from 'node:test';
import { readerInput, sample } from '../../../test/support/samples.ts';
import { readGhcr } from './ghcr.ts';

const DIGEST = `sha256:${'4f'.repeat(32)}`;
const OTHER = `sha256:${'5e'.repeat(32)}`;
const HEADERS = { 'x-github-event': 'package' };

/** One push of a package; `version` and `fields` replace what the sample says there. */
function read(version: object = {}, fields: object = {}, more: object = {}, registry: string | null = null) {
  const container_metadata = { tag: { name: '2.4.0', digest: DIGEST } };
  const package_version = { version: DIGEST, package_url: 'ghcr.io/Acme/Api:2.4.0', container_metadata, ...version };
  const body = { action: 'published', package: { name: 'api', owner: { login: 'Acme' }, package_version, ...fields } };
  return readGhcr(readerInput({ ...body, ...more }, { headers: HEADERS, registry }));
}

function image(reading: ReturnType<typeof readGhcr>) {
  assert.ok(reading.kind === 'facts', JSON.stringify(reading));
  const fact = reading.facts[0]?.fact;
  assert.ok(fact?.kind === 'image.push' || fact?.kind === 'chart.push');
  return fact;
}

test('a published container is one push, with the pointer of everything the payload says', () => {
  assert.deepEqual(readGhcr(readerInput(sample('ghcr-package'), { headers: HEADERS })), {
    kind: 'facts',
    facts: [
      {
        fact: {
          kind: 'image.push',
          registry: 'ghcr.io',
          repository: 'acme/api',
          tag: '2.4.0',
          digest: DIGEST,
          timeMs: 1_767_225_600_000,
          timeSource: 'package.updated_at (iso)',
          actor: 'github-actions[bot]',
          origin: 'ci',
        },
        provenance: {
          kind: '/action',
          registry: '/package/package_version/package_url',
          repository: '/package/package_version/package_url',
          tag: '/package/package_version/container_metadata/tag/name',
          digest: '/package/package_version/version',
          time: '/package/updated_at',
          actor: '/sender/login',
          origin: '/sender/login',
        },
      },
    ],
  });
});

test('registry_package says the same under its own name', () => {
  const { package: whole, ...rest } = sample('ghcr-package');
  const body = { ...rest, registry_package: whole };
  const reading = readGhcr(readerInput(body, { headers: { 'x-github-event': 'registry_package' } }));
  assert.equal(image(reading).tag, '2.4.0');
  assert.ok(reading.kind === 'facts');
  assert.equal(reading.facts[0]?.provenance.digest, '/registry_package/package_version/version');
});

test('an empty tag is none, and a push of neither tag nor digest is ignored', () => {
  const untagged = { tag: { name: '', digest: 'sha256:6c62fb45fe66bfb1ea9a66abc38f6a0cc974292b' } };
  assert.deepEqual(image(read({ container_metadata: untagged, package_url: 'ghcr.io/Acme/Api:' })), {
    ...image(read()),
    tag: null,
  });
  assert.equal(read({ container_metadata: untagged, version: '' }).kind, 'ignored');
});

test("the digest is the version, else the version's name, else the tag's, where it is one", () => {
  const tag = { tag: { name: '2.4.0', digest: OTHER } };
  assert.equal(image(read({ container_metadata: tag })).digest, DIGEST);
  assert.equal(image(read({ container_metadata: tag, version: undefined, name: DIGEST })).digest, DIGEST);
  assert.equal(image(read({ container_metadata: tag, version: 'v1' })).digest, OTHER);
  const short = { tag: { name: '2.4.0', digest: 'sha256:abc123' } };
  assert.equal(image(read({ container_metadata: short, version: 'v1' })).digest, null);
});

test('before there was metadata of containers, the version was the tag', () => {
  const old = { container_metadata: undefined, package_url: undefined, version: '1.2.3' };
  const registry = { type: 'docker', url: 'https://ghcr.io/Mika/Notes' };
  const { repository, tag, digest } = image(read(old, { package_type: 'CONTAINER', registry }));
  assert.deepEqual([repository, tag, digest], ['mika/notes', '1.2.3', null]);
});

test('the place is the pull address, else the listed one, else owner and name at GHCR', () => {
  const unlisted = { package_url: '' };
  const place = (reading: ReturnType<typeof readGhcr>) => `${image(reading).registry}/${image(reading).repository}`;
  assert.equal(
    place(read({ package_url: 'containers.forge.example:8443/Acme/Api:2.4.0' })),
    'containers.forge.example:8443/acme/api',
  );
  assert.equal(place(read(unlisted, { registry: { url: 'https://ghcr.io/Acme' } })), 'ghcr.io/acme/api');
  assert.equal(
    place(read(unlisted, { registry: { url: 'https://container.pkg.github.com/Acme/x' } })),
    'ghcr.io/acme/api',
  );
  assert.equal(place(read(unlisted, { namespace: 'user' })), 'ghcr.io/acme/api');
  assert.equal(place(read(unlisted, { owner: undefined, namespace: 'Acme/Website' })), 'ghcr.io/acme/api');
  assert.equal(place(read(unlisted, { name: 'website/api' })), 'ghcr.io/acme/website/api');
  assert.equal(place(read(unlisted, {}, {}, 'containers.forge.example')), 'containers.forge.example/acme/api');
});

test('only containers count, whatever contradicts it elsewhere in the payload', () => {
  const none = { container_metadata: null };
  const types = { ecosystem: 'docker', package_type: 'CONTAINER', registry: { type: 'npm' } };
  assert.equal(read(none, types).kind, 'ignored');
  assert.equal(read(none, { ecosystem: 'docker', package_type: 'npm' }).kind, 'ignored');
  assert.equal(read(none).kind, 'ignored');
  assert.equal(read({}, { ...types, package_type: 'npm' }).kind, 'facts');
  assert.equal(read(none, { ecosystem: 'CONTAINER' }).kind, 'facts');
});

test('a chart in the registry is no image', () => {
  const manifest = { config: { media_type: 'application/vnd.cncf.helm.config.v1+json' } };
  assert.equal(image(read({ container_metadata: { tag: { name: '1.0.0' }, manifest } })).kind, 'chart.push');
});

test('only what was published or updated is a push', () => {
  for (const action of ['published', 'updated', 'create']) assert.equal(read({}, {}, { action }).kind, 'facts', action);
  assert.equal(read({}, {}, { action: 'deleted' }).kind, 'ignored');
});

test('the time is the first that can be believed, of the version and then of the package', () => {
  const time = (version: object, fields: object) => image(read(version, fields)).timeSource;
  const year1 = '0001-01-01T00:00:00Z';
  const day = '2026-01-01T00:00:00Z';
  assert.match(
    time({ updated_at: day, created_at: day }, { updated_at: day }),
    /^package\.package_version\.updated_at/,
  );
  assert.match(time({ updated_at: year1, created_at: day }, {}), /^package\.package_version\.created_at/);
  assert.match(time({ updated_at: year1, created_at: year1 }, { updated_at: day }), /^package\.updated_at/);
  assert.equal(time({ updated_at: year1 }, { updated_at: year1 }), 'received');
});

test('a bot is CI, anybody else a user', () => {
  const origin = (sender?: object) => image(read({}, {}, { sender })).origin;
  assert.deepEqual([origin(), origin({ login: 'mika', type: 'User' })], ['user', 'user']);
  assert.deepEqual([origin({ login: 'acme[bot]' }), origin({ type: 'Bot' })], ['ci', 'ci']);
});

test('a ping is a handshake, other events are ignored, and without a header the body says what it is', () => {
  const read = (event: string) =>
    readGhcr(readerInput(sample('ghcr-package'), { headers: { 'x-github-event': event } }));
  assert.equal(read('ping').kind, 'handshake');
  assert.equal(read('push').kind, 'ignored');
  assert.equal(readGhcr(readerInput(sample('ghcr-package'))).kind, 'facts');
});

test('what is not an event of a package is unreadable, with the field at fault', () => {
  const pointerOf = (reading: ReturnType<typeof readGhcr>) =>
    reading.kind === 'unreadable' ? reading.pointer : reading.kind;
  assert.equal(pointerOf(readGhcr(readerInput([]))), '');
  assert.equal(pointerOf(readGhcr(readerInput({ action: 'published' }))), '/package');
  assert.equal(pointerOf(read({}, {}, { action: 7 })), '/action');
  assert.equal(pointerOf(read({ package_url: '' }, { owner: undefined })), '/package/package_version/package_url');
  assert.equal(pointerOf(read({ package_url: '' }, { name: 'a b' })), '/package/package_version/package_url');
});
