import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { compose, loadStatements, parseStatements } from './statements.ts';

test('a file is cut into its sections, and what stands before the first belongs to none', () => {
  const text = '-- a note\n\n-- name: one\nselect 1;\n\n-- name: one.more\n-- why\nand 2\n';
  assert.deepEqual(parseStatements(text), [
    ['one', 'select 1;'],
    ['one.more', '-- why\nand 2'],
  ]);
});

test('an empty section is refused', () => {
  assert.throws(() => parseStatements('-- name: one\n-- name: two\nselect 2;'), /statement one is empty/);
});

test('a statement is composed of the named pieces in their order', () => {
  const statements = new Map(parseStatements('-- name: list\nselect 1\n-- name: list.end\nlimit 1'));
  assert.equal(compose(statements, ['list', 'list.end']), 'select 1\nlimit 1');
  assert.throws(() => compose(statements, ['list', 'list.by']), /no statement is named list.by/);
});

test('a name in two files of a directory is refused', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-sql-'));
  try {
    writeFileSync(join(directory, 'a.sql'), '-- name: one\nselect 1;');
    writeFileSync(join(directory, 'b.sql'), '-- name: one\nselect 2;');
    assert.throws(() => loadStatements(pathToFileURL(`${directory}/`)), /statement one of b.sql exists already/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
