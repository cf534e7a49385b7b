import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type AppliedMigration, loadMigrations, pendingMigrations, statusOf } from './migrations.ts';

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
  assert.throws(() => pendingMigrations(known, applied), {
    code: 'MIGRATIONS_REFUSED',
    message: /migration 1 \(first\) was changed after it ran/,
  });
});

test('a migration says in its first line what it means for programs that lack it; one that says nothing stops them', () => {
  const known = loaded({
    '0001-first.sql': '-- kind: expand\ncreate table a (x);',
    '0002-second.sql': '-- kind: contract\ndrop table a;',
    '0003-third.sql': 'drop table b;\n-- kind: expand',
  });
  assert.deepEqual(
    known.map(({ kind }) => kind),
    ['expand', 'contract', 'contract'],
  );
  assert.throws(() => loaded({ '0001-first.sql': '-- kind: other\n' }), /0001-first.sql is of the unknown kind other/);
});

/** The second migration as a database remembers it. */
function withSecond(kind: AppliedMigration['kind']): readonly AppliedMigration[] {
  return loaded(TWO).map(({ version, name, checksum }) => ({
    version,
    name,
    checksum,
    ...(version === 2 && kind !== undefined ? { kind } : {}),
  }));
}

test('a database of a newer program is refused, unless all that is new only adds', () => {
  const older = loaded(TWO).slice(0, 1);
  assert.deepEqual(pendingMigrations(older, withSecond('expand')), []);
  for (const kind of ['contract', undefined] as const) {
    assert.throws(() => pendingMigrations(older, withSecond(kind)), {
      code: 'MIGRATIONS_REFUSED',
      message: /migration 2 \(second\).*lacks/,
    });
  }
});

test('the status says of each migration how it stands', () => {
  const known = loaded({ ...TWO, '0003-third.sql': 'x' });
  const ran = { ...known[0], version: 1, name: 'first', checksum: 'another' };
  const newer = { version: 4, name: 'fourth', checksum: 'x' };
  assert.deepEqual(statusOf(known, [ran, ...withSecond('expand').slice(1), newer]), [
    { version: 1, name: 'first', state: 'changed' },
    { version: 2, name: 'second', state: 'applied' },
    { version: 3, name: 'third', state: 'pending' },
    { version: 4, name: 'fourth', state: 'unknown' },
  ]);
});

test('a gap in the numbers, or another name, is refused', () => {
  assert.throws(() => loaded({ '0002-second.sql': 'x' }), /0002-second.sql is not migration 1/);
  assert.throws(() => loaded({ 'first.sql': 'x' }), /first.sql is not migration 1/);
});
