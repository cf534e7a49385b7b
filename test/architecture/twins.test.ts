/** The two SQL adapters say the same with the same names; where one says something else, its file tells why. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseStatements } from '../../src/adapters/sql/statements.ts';

interface Dialect {
  statements: ReadonlyMap<string, string>;
  /** Names of the other dialect's statements that a comment says this one has something else for. */
  replaced: ReadonlySet<string>;
}

/** Comments may break a line between two names. */
const IN_PLACE_OF = /^-- In place of ([a-z_., \n-]+):/gm;

function parsed(files: readonly string[]): Dialect {
  const replaced = files.flatMap((text) =>
    [...text.matchAll(IN_PLACE_OF)].flatMap(([, names = '']) => names.split(/[,\s-]+/).filter((name) => name !== '')),
  );
  return { statements: new Map(files.flatMap(withHeader)), replaced: new Set(replaced) };
}

/** A file that begins with a reason gives it for all it holds. */
function withHeader(text: string) {
  const header = /^-- \w+ alone:/.exec(text)?.[0] ?? '';
  return parseStatements(text).map(([name, sql]) => [name, `${header} ${sql}`] as const);
}

function dialect(name: string): Dialect {
  const folder = new URL(`../../src/adapters/${name}/sql/`, import.meta.url);
  return parsed(readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8')));
}

/** Statements that only `own` has and nobody gives a reason for, and reasons given for what is not there. */
function unexplained(own: Dialect, other: Dialect, label: string): string[] {
  const alone = [...own.statements].filter(([name]) => !other.statements.has(name));
  const silent = alone.filter(
    ([name, sql]) => !other.replaced.has(name) && !new RegExp(`${label} alone|In place of`).test(sql),
  );
  const vain = [...own.replaced].filter((name) => !other.statements.has(name) || own.statements.has(name));
  return [...silent.map(([name]) => `${name} has no twin`), ...vain.map((name) => `nothing is in place of ${name}`)];
}

test('each statement of one dialect has its twin in the other, or a reason', () => {
  const [sqlite, postgres] = [dialect('sqlite'), dialect('postgres')];
  assert.deepEqual([...unexplained(postgres, sqlite, 'PostgreSQL'), ...unexplained(sqlite, postgres, 'SQLite')], []);
  assert.ok([...sqlite.statements.keys()].filter((name) => postgres.statements.has(name)).length > 40);
});

test('a breach is found: a statement without twin, and a reason for what is not there', () => {
  const one = parsed(['-- name: a\nselect 1;\n\n-- name: b\n-- In place of c: as an example.\nselect 2;']);
  assert.deepEqual(unexplained(one, parsed(['-- name: c\nselect 3;']), 'X'), ['a has no twin']);
  assert.deepEqual(unexplained(one, parsed(['-- name: a\nselect 1;']), 'X'), ['nothing is in place of c']);
});
