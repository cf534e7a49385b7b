import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SUITES } from '../core/secret.ts';
import type { SealContext, SealingKeys } from '../ports.ts';
import { createSealer, type Keyring, openKeyring, openSharedKeyring, parseKeyring, sealingName } from './keyring.ts';

const context: SealContext = { purpose: 'subscription', table: 't', column: 'c', row: 'r', tenant: 'tenant' };
const plain = new TextEncoder().encode('my-secret-key');

const ground = mkdtempSync(join(tmpdir(), 'hookyard-keyring-'));
after(() => rmSync(ground, { recursive: true, force: true }));

/** Where no keyring is yet, in a directory of its own. */
function freshPath(): string {
  return join(mkdtempSync(join(ground, 'of-')), 'keyring.json');
}

function freshKeyring(): Keyring {
  const opened = openKeyring(freshPath());
  assert.equal(opened.kind, 'keyring');
  return opened.kind === 'keyring' ? opened.keyring : assert.fail();
}

test('equal secrets of a tenant have one fingerprint, whatever else they are sealed with; others have another', () => {
  const keyring = freshKeyring();
  const of = (tenant: string, secret: string, suite = SUITES[0] as (typeof SUITES)[number], keys = keyring) =>
    createSealer(keys, suite).fingerprint(tenant, secret);
  const one = of('tenant', 'my-secret-key');
  assert.match(one, /^[0-9a-f]{12}$/);
  assert.deepEqual(
    SUITES.map((suite) => of('tenant', 'my-secret-key', suite)),
    SUITES.map(() => one),
  );
  const others = [of('other', 'my-secret-key'), of('tenant', 'my-secret-ke'), of('tenant', '')];
  assert.equal(new Set([one, ...others]).size, 4);
  assert.notEqual(of('tenant', 'my-secret-key', SUITES[0], freshKeyring()), one, 'it is keyed');
  const digest = createHash('sha256').update('my-secret-key').digest('hex');
  assert.equal(digest.includes(one), false);
});

for (const suite of SUITES) {
  test(`a secret sealed with ${suite} opens in its own place and holds no plaintext`, () => {
    const sealer = createSealer(freshKeyring(), suite);
    const sealed = sealer.seal(context, plain);
    assert.equal(Buffer.from(sealed).includes('my-secret-key'), false);
    assert.deepEqual(sealer.open(context, sealed), { kind: 'opened', plain });
  });

  test(`a secret sealed with ${suite} opens nowhere else`, () => {
    const sealer = createSealer(freshKeyring(), suite);
    const sealed = sealer.seal(context, plain);
    for (const change of [{ row: 'r2' }, { tenant: 'other' }, { table: 'x' }, { column: 'x' }, { purpose: 'source' }]) {
      assert.equal(sealer.open({ ...context, ...change } as SealContext, sealed).kind, 'unavailable');
    }
  });

  test(`every flipped byte of one sealed with ${suite} is noticed`, () => {
    const sealer = createSealer(freshKeyring(), suite);
    const sealed = sealer.seal(context, plain);
    for (let at = 0; at < sealed.length; at++) {
      const flipped = Uint8Array.from(sealed);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      assert.equal(sealer.open(context, flipped).kind, 'unavailable', `byte ${at}`);
    }
  });
}

test('what one suite sealed opens after a change to the other', () => {
  const keyring = freshKeyring();
  const [aes, chacha] = SUITES.map((suite) => createSealer(keyring, suite));
  assert.ok(aes !== undefined && chacha !== undefined);
  assert.deepEqual(chacha.open(context, aes.seal(context, plain)), { kind: 'opened', plain });
  assert.deepEqual(aes.open(context, chacha.seal(context, plain)), { kind: 'opened', plain });
  assert.equal(createSealer(keyring).seal(context, plain)[1], 0, 'AES-256-GCM unless told');
});

test('an old key still opens, a missing key is named', () => {
  const [before, after] = [freshKeyring(), freshKeyring()];
  const sealed = createSealer(before).seal(context, plain);
  const rotated = createSealer({ active: after.active, keys: [after.active, before.active] });
  assert.equal(rotated.open(context, sealed).kind, 'opened');
  assert.deepEqual(createSealer(after).open(context, sealed), { kind: 'unavailable', keyId: before.active.id });
});

test('a new keyring file is readable by its owner alone and is read again as it was', () => {
  const path = freshPath();
  const [first, second] = [openKeyring(path), openKeyring(path)];
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(first, second);
});

test('an empty file, as a crash during the first start leaves one, is written anew', () => {
  const path = freshPath();
  writeFileSync(path, '');
  assert.equal(openKeyring(path).kind, 'keyring');
});

test('a keyring with a short, trivial or missing active key is refused with a reason', () => {
  const id = '0011223344556677';
  const zero = Buffer.alloc(32).toString('base64');
  const good = Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('base64');
  for (const file of [
    '',
    '{}',
    { active: id, keys: [{ id, key: zero }] },
    { active: id, keys: [{ id, key: 'c2hvcnQ=' }] },
  ]) {
    assert.equal(parseKeyring(typeof file === 'string' ? file : JSON.stringify(file)).kind, 'unusable');
  }
  assert.equal(
    parseKeyring(JSON.stringify({ active: 'ffffffffffffffff', keys: [{ id, key: good }] })).kind,
    'unusable',
  );
  assert.equal(parseKeyring(JSON.stringify({ active: id, keys: [{ id, key: good }] })).kind, 'keyring');
});

/** What processes on one store know together. */
function register(noted: string[] = []): SealingKeys & { noted: readonly string[] } {
  return {
    noted,
    known: async () => [...noted],
    async note(active, held) {
      const before = [...noted];
      const ours = before.every((name) => held.includes(name));
      if (ours && !before.includes(active)) noted.push(active);
      return before;
    },
  };
}

function keyOf(id: string): Buffer {
  return Buffer.from(`${id}${id}`.slice(0, 32));
}

function nameOf(id: string): string {
  return sealingName({ id, key: keyOf(id) });
}

function writeKeys(path: string, active: string, ids: readonly string[]): void {
  const keys = ids.map((id) => ({ id, key: keyOf(id).toString('base64') }));
  writeFileSync(path, JSON.stringify({ active, keys }));
}

const [ONE, TWO, THREE] = ['0123456789abcdef', '123456789abcdef0', '23456789abcdef01'] as const;

test('the first process on a store makes the keyring, and others start with a copy of it alone', async () => {
  const shared = register();
  const path = freshPath();
  const first = await openSharedKeyring(path, shared);
  assert.ok(first.kind === 'keyring');
  assert.deepEqual(shared.noted, [sealingName(first.keyring.active)]);
  const elsewhere = freshPath();
  const refused = await openSharedKeyring(elsewhere, shared);
  assert.ok(refused.kind === 'refused');
  assert.match(refused.reason, /no keyring/);
  assert.match(refused.remedy, /Copy keyring\.json/);
  assert.equal(existsSync(elsewhere), false);
  writeFileSync(elsewhere, readFileSync(path));
  const second = await openSharedKeyring(elsewhere, shared);
  assert.deepEqual(second.kind === 'keyring' && second.keyring, first.keyring);
});

test('of two processes that make a keyring at once, the second deletes its own and is refused', async () => {
  const shared = register();
  const raced: SealingKeys = {
    ...shared,
    note: async (active, held) => {
      await shared.note(THREE, [THREE]);
      return shared.note(active, held);
    },
  };
  const path = freshPath();
  assert.equal((await openSharedKeyring(path, raced)).kind, 'refused');
  assert.equal(existsSync(path), false);
  assert.deepEqual(shared.noted, [THREE]);
});

test('a keyring with another active key is noted, and one that lacks a key is refused', async () => {
  const shared = register([nameOf(ONE)]);
  const path = freshPath();
  writeKeys(path, ONE, [ONE]);
  const running = await openSharedKeyring(path, shared);
  assert.ok(running.kind === 'keyring');
  assert.deepEqual(await running.lacking(), []);
  writeKeys(path, TWO, [TWO, ONE]);
  assert.equal((await openSharedKeyring(path, shared)).kind, 'keyring');
  assert.deepEqual(shared.noted, [nameOf(ONE), nameOf(TWO)]);
  assert.deepEqual(await running.lacking(), [TWO], 'a process that runs is told');
  writeKeys(path, ONE, [ONE, THREE]);
  const refused = await openSharedKeyring(path, shared);
  assert.match(refused.kind === 'refused' ? refused.reason : '', new RegExp(`lacks keys .*: ${TWO}\\.`));
  assert.deepEqual(shared.noted, [nameOf(ONE), nameOf(TWO)]);
  assert.equal(existsSync(path), true);
});

test('a keyring with other bytes under the id of a key is refused', async () => {
  const shared = register([sealingName({ id: ONE, key: keyOf(TWO) })]);
  const path = freshPath();
  writeKeys(path, ONE, [ONE]);
  const refused = await openSharedKeyring(path, shared);
  assert.match(refused.kind === 'refused' ? refused.reason : '', new RegExp(`lacks keys .*: ${ONE}\\.`));
});

test('a keyring that was made and not noted yet is noted by the next start', async () => {
  const shared = register();
  const path = freshPath();
  await assert.rejects(openSharedKeyring(path, { ...shared, note: () => Promise.reject(new Error('away')) }), /away/);
  const opened = await openSharedKeyring(path, shared);
  assert.deepEqual(opened.kind === 'keyring' && [sealingName(opened.keyring.active)], shared.noted);
});
