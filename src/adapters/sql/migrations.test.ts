import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadMigrations, pendingMigrations } from './migrations.ts';

function loaded(files: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-migrations-'));
  try {
    for (const [name, sql] of Object.entries(files)) writeFileSync(join(directory, name), sql);
    return loadMigrations(pathToFileURL(`${directory}/`));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const TWO = { '0001-first.sql': 'create table a (x);', '0002-second.sql': 'create table b (x);' };

test('a fresh database needs every migration, in their order', () => {
  const pending = pendingMigrations(loaded(TWO), []);
  assert.deepEqual(
    pending.map(({ version, name }) => [version, name]),
    [
      [1, 'first'],
      [2, 'second'],
    ],
  );
});

test('what has run is not run again', () => {
  const known = loaded(TWO);
  assert.deepEqual(pendingMigrations(known, known.slice(0, 1)), known.slice(1));
  assert.deepEqual(pendingMigrations(known, known), []);
});

test('a migration that was changed after it ran is named', () => {
  const applied = loaded(TWO);
  const known = loaded({ ...TWO, '0001-first.sql': 'create table a (y);' });
  assert.throws(() => pendingMigrations(known, applied), /migration 1 \(first\) was changed after it ran/);
});

test('a database of a newer program is refused', () => {
  const applied = loaded(TWO);
  assert.throws(() => pendingMigrations(applied.slice(0, 1), applied), /migration 2 \(second\).*lacks/);
});

test('a gap in the numbers, or another name, is refused', () => {
  assert.throws(() => loaded({ '0002-second.sql': 'x' }), /0002-second.sql is not migration 1/);
  assert.throws(() => loaded({ 'first.sql': 'x' }), /first.sql is not migration 1/);
});
