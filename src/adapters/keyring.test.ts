import assert from 'node:assert/strict';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SealContext } from '../ports.ts';
import { createSealer, type Keyring, openKeyring, parseKeyring } from './keyring.ts';

const context: SealContext = { purpose: 'subscription', table: 't', column: 'c', row: 'r', tenant: 'tenant' };
const plain = new TextEncoder().encode('my-secret-key');

function freshKeyring(): Keyring {
  const opened = openKeyring(join(mkdtempSync(join(tmpdir(), 'keyring-')), 'keyring.json'));
  assert.equal(opened.kind, 'keyring');
  return opened.kind === 'keyring' ? opened.keyring : assert.fail();
}

test('a sealed secret opens in its own place and holds no plaintext', () => {
  const sealer = createSealer(freshKeyring());
  const sealed = sealer.seal(context, plain);
  assert.equal(Buffer.from(sealed).includes('my-secret-key'), false);
  assert.deepEqual(sealer.open(context, sealed), { kind: 'opened', plain });
});

test('a sealed secret opens nowhere else', () => {
  const sealer = createSealer(freshKeyring());
  const sealed = sealer.seal(context, plain);
  for (const change of [{ row: 'r2' }, { tenant: 'other' }, { table: 'x' }, { column: 'x' }, { purpose: 'source' }]) {
    assert.equal(sealer.open({ ...context, ...change } as SealContext, sealed).kind, 'unavailable');
  }
});

test('every flipped byte is noticed', () => {
  const sealer = createSealer(freshKeyring());
  const sealed = sealer.seal(context, plain);
  for (let at = 0; at < sealed.length; at++) {
    const flipped = Uint8Array.from(sealed);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.equal(sealer.open(context, flipped).kind, 'unavailable', `byte ${at}`);
  }
});

test('an old key still opens, a missing key is named', () => {
  const [before, after] = [freshKeyring(), freshKeyring()];
  const sealed = createSealer(before).seal(context, plain);
  const rotated = createSealer({ active: after.active, keys: [after.active, before.active] });
  assert.equal(rotated.open(context, sealed).kind, 'opened');
  assert.deepEqual(createSealer(after).open(context, sealed), { kind: 'unavailable', keyId: before.active.id });
});

test('a new keyring file is readable by its owner alone and is read again as it was', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'keyring-')), 'keyring.json');
  const [first, second] = [openKeyring(path), openKeyring(path)];
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(first, second);
});

test('an empty file, as a crash during the first start leaves one, is written anew', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'keyring-')), 'keyring.json');
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
