import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { steppedClock } from '../../test/support/stepped-clock.ts';
import { createSecretReferences, type SecretReferencesWiring } from './secret-references.ts';

const ground = mkdtempSync(join(tmpdir(), 'hookyard-secrets-'));
after(() => rmSync(ground, { recursive: true, force: true }));
const directory = join(ground, 'secrets');
mkdirSync(join(directory, 'inner'), { recursive: true });
mkdirSync(`${directory}-beside`);

const put = (name: string, contents: string | Uint8Array) => writeFileSync(join(directory, name), contents);
put('token', 'hush\n');
put('windows', 'hush\r\n');
put('two-lines', 'a\nb\n\n');
put('inner/token', 'deep');
put('empty', '\n');
put('largest', 'x'.repeat(65_536));
put('too-large', 'x'.repeat(65_537));
put('binary', Uint8Array.of(0xff, 0xfe));
put('..data', 'dots');
writeFileSync(join(ground, 'outside'), 'never');
writeFileSync(join(`${directory}-beside`, 'token'), 'never');
symlinkSync(join(ground, 'outside'), join(directory, 'way-out'));
symlinkSync(ground, join(directory, 'folder-out'));
symlinkSync('token', join(directory, 'way-inside'));
symlinkSync('loop', join(directory, 'loop'));
execFileSync('mkfifo', [join(directory, 'pipe')]);

const variables = { HOOKYARD_SECRET_ACME: 'hush', HOOKYARD_SECRET_EMPTY: '', PATH: 'never', HOOKYARD_API_KEY: 'never' };

function references(changes: Partial<SecretReferencesWiring> = {}) {
  return createSecretReferences({ clock: steppedClock(), variables, directory, ...changes });
}

const FOUND: readonly (readonly [string, string])[] = [
  ['env:HOOKYARD_SECRET_ACME', 'hush'],
  ['file:token', 'hush'],
  ['file:windows', 'hush'],
  ['file:two-lines', 'a\nb\n'],
  ['file:inner/token', 'deep'],
  ['file:inner/./token', 'deep'],
  ['file:..data', 'dots'],
  [`file:${join(directory, 'token')}`, 'hush'],
  ['file:way-inside', 'hush'],
  ['file:largest', 'x'.repeat(65_536)],
];

for (const [reference, value] of FOUND) {
  test(`${reference.replace(ground, '')} is read`, async () => {
    assert.deepEqual(await references().read(reference), { kind: 'value', value });
  });
}

const MISSING: readonly (readonly [string, RegExp])[] = [
  ['env:HOOKYARD_SECRET_OTHER', /not set/],
  ['env:HOOKYARD_SECRET_EMPTY', /empty/],
  ['env:HOOKYARD_SECRET_', /HOOKYARD_SECRET_/],
  ['env:PATH', /HOOKYARD_SECRET_/],
  ['env:HOOKYARD_API_KEY', /HOOKYARD_SECRET_/],
  ['env:__proto__', /HOOKYARD_SECRET_/],
  ['env:', /HOOKYARD_SECRET_/],
  ['file:none', /no such file/],
  ['file:empty', /empty/],
  ['file:too-large', /larger than 65536/],
  ['file:binary', /UTF-8/],
  ['file:inner', /not a file/],
  ['file:pipe', /not a file/],
  ['file:token/inner', /ENOTDIR/],
  ['file:loop', /ELOOP/],
  ['file:', /A path below/],
  ['file:.', /not below/],
  ['file:../outside', /A path below/],
  ['file:../secrets-beside/token', /A path below/],
  ['file:inner/../token', /A path below/],
  ['file:/etc/hostname', /not below/],
  [`file:${directory}-beside/token`, /not below/],
  ['file:/there/is/no/such/file', /not below/],
  ['file:token\0', /A path below/],
  ['file:way-out', /not below/],
  ['file:folder-out/outside', /not below/],
  ['vault:token', /vault/],
  ['token', /file:PATH/],
];

for (const [reference, reason] of MISSING) {
  test(`${JSON.stringify(reference)} leads nowhere, and says why`, async () => {
    const read = await references().read(reference);
    assert.ok(read.kind === 'missing', JSON.stringify(read));
    assert.match(read.reason, reason);
    assert.ok(!read.reason.includes('never'));
  });
}

test('no file is read without a directory', async () => {
  const read = await references({ directory: null }).read('file:/etc/hostname');
  assert.ok(read.kind === 'missing' && /--secrets/.test(read.reason), JSON.stringify(read));
});

test('what was read is read again after five seconds, also what was missing', async () => {
  const clock = steppedClock();
  const { read } = references({ clock });
  put('moving', 'one');
  const first = [await read('file:moving'), await read('file:coming')];
  assert.deepEqual(
    first.map(({ kind }) => kind),
    ['value', 'missing'],
  );
  put('moving', 'two');
  put('coming', 'here');
  clock.advance(4999);
  assert.deepEqual([await read('file:moving'), await read('file:coming')], first);
  clock.advance(1);
  assert.deepEqual(await read('file:moving'), { kind: 'value', value: 'two' });
  assert.deepEqual(await read('file:coming'), { kind: 'value', value: 'here' });
});

test('no more than a thousand are remembered', async () => {
  const { read } = references();
  put('first', 'one');
  await read('file:first');
  for (let n = 0; n < 1000; n++) await read(`env:HOOKYARD_SECRET_${n}`);
  put('first', 'two');
  assert.deepEqual(await read('file:first'), { kind: 'value', value: 'two' });
});
