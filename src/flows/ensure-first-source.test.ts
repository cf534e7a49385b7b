import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { doorOf, madeSource } from '../../test/support/source-flows.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import type { SecretFile } from '../ports.ts';
import { changeSource } from './change-source.ts';
import { deleteSource } from './delete-source.ts';
import { ensureFirstSource } from './ensure-first-source.ts';
import { regenerateUrl } from './regenerate-url.ts';

function file(): SecretFile & { text: string | null } {
  return {
    path: 'data/secret-url',
    text: null,
    kept() {
      return this.text;
    },
    open(make) {
      const fresh = this.text === null;
      this.text ??= make();
      return { secret: this.text, fresh };
    },
    replace(text) {
      this.text = text;
    },
  };
}

async function sourcesOf(ports: FakePorts) {
  return [...(await ports.configuration.refresh(DEFAULT_TENANT)).sources.values()];
}

test('an instance without a source gets one with a secret URL, and its file holds that', async () => {
  const ports = fakePorts();
  const kept = file();
  const made = await ensureFirstSource(ports, kept);
  const [source, ...more] = await sourcesOf(ports);
  assert.deepEqual([source?.config?.type, source?.config?.scheme.type, more], ['native', 'url', []]);
  const secretUrl = `/api/webhook/${source?.config?.urlKey}`;
  assert.deepEqual([made, kept.text], [{ file: 'data/secret-url', secretUrl }, secretUrl]);
  assert.equal(doorOf(ports, source?.config?.urlKey)?.source.id, source?.id);
});

test('the URL begins with the origin where that is known', async () => {
  const made = await ensureFirstSource(fakePorts(), file(), 'https://hooks.example.com/');
  assert.match(made?.secretUrl ?? '', /^https:\/\/hooks\.example\.com\/api\/webhook\/[0-9a-f-]{36}$/);
});

test('an instance with a source gets none, nor does one whose first source was deleted', async () => {
  const ports = fakePorts();
  await madeSource(ports, { type: 'harbor' });
  assert.equal(await ensureFirstSource(ports, file()), null);
  const other = fakePorts();
  const kept = file();
  await ensureFirstSource(other, kept);
  const [source] = await sourcesOf(other);
  await deleteSource(other, { tenant: DEFAULT_TENANT, id: source?.id ?? '' });
  assert.equal(await ensureFirstSource(other, kept), null);
  assert.deepEqual(await sourcesOf(other), []);
  assert.equal(await ensureFirstSource(fakePorts(), kept), null, 'the file alone tells it');
});

/** An instance with its first source, and what its file holds at the next start after a change. */
async function changed(change: (ports: FakePorts, id: string) => Promise<unknown>) {
  const ports = fakePorts();
  const kept = file();
  await ensureFirstSource(ports, kept, 'https://hooks.example.com');
  const before = kept.text;
  const [source] = await sourcesOf(ports);
  await change(ports, source?.id ?? '');
  assert.equal(await ensureFirstSource(ports, kept, 'https://hooks.example.com'), null);
  const [after] = await sourcesOf(ports);
  return { ports, kept, before, urlKey: after?.config?.urlKey };
}

test('a start leaves a URL that still holds, and one that has ended it puts away', async () => {
  const tenant = DEFAULT_TENANT;
  const same = await changed((ports, id) => changeSource(ports, { tenant, id, patch: { name: 'x' }, ifVersion: null }));
  assert.equal(same.kept.text, same.before);
  for (const { kept, ports } of [
    await changed((on, id) => regenerateUrl(on, { tenant, id })),
    await changed((on, id) => deleteSource(on, { tenant, id })),
  ]) {
    assert.match(kept.text ?? '', /^This secret URL has ended\. .* GET \/api\/v1\/sources/);
    const text = kept.text;
    const count = (await sourcesOf(ports)).length;
    assert.equal(await ensureFirstSource(ports, kept), null);
    assert.deepEqual([kept.text, (await sourcesOf(ports)).length], [text, count], 'and makes no other');
  }
});

test('a URL that goes on for a grace gives way to the new one, as long as it does', async () => {
  const graced = (ports: FakePorts, id: string) =>
    regenerateUrl(ports, { tenant: DEFAULT_TENANT, id, graceSeconds: 60 });
  const within = await changed(graced);
  assert.equal(within.kept.text, `https://hooks.example.com/api/webhook/${within.urlKey}`);
  const late = await changed(async (ports, id) => {
    await graced(ports, id);
    ports.clock.advance(61_000);
  });
  assert.match(late.kept.text ?? '', /has ended/);
});

test('of processes that start at once on one store exactly one makes it', async () => {
  const first = fakePorts();
  const { store } = first;
  const others = Array.from({ length: 4 }, () => fakePorts({ store }));
  const made = await Promise.all([first, ...others].map((ports) => ensureFirstSource(ports, file())));
  assert.equal(made.filter((source) => source !== null).length, 1);
  assert.equal((await sourcesOf(first)).length, 1);
});
