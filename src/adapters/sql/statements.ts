/**
 * SQL lives in `.sql` files, in sections that begin with `-- name: x`. A dotted name (`events.type`) is a fragment: a
 * piece of a statement that `compose` puts together, so that a filter which is not asked for is not in the SQL.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Name → SQL. */
export type Statements = ReadonlyMap<string, string>;

const HEADER = /^-- name: ([a-z_]+(?:\.[a-z_]+)?)[ \t]*$/gm;

/** Reads every `.sql` file of a directory. Throws when a name is given twice or a section is empty. */
export function loadStatements(directory: URL): Statements {
  const statements = new Map<string, string>();
  for (const file of sqlFiles(directory)) {
    for (const [name, sql] of parseStatements(readFileSync(new URL(file, directory), 'utf8'))) {
      if (statements.has(name)) throw new Error(`statement ${name} of ${file} exists already`);
      statements.set(name, sql);
    }
  }
  return statements;
}

/** The sections of one file, in their order. */
export function parseStatements(text: string): readonly (readonly [name: string, sql: string])[] {
  const headers = [...text.matchAll(HEADER)];
  return headers.map((header, at) => {
    const sql = text.slice(header.index + header[0].length, headers[at + 1]?.index ?? text.length).trim();
    if (sql === '') throw new Error(`statement ${header[1]} is empty`);
    return [header[1] ?? '', sql] as const;
  });
}

/** One statement from the named pieces, in their order. Throws for an unknown name. */
export function compose(statements: Statements, names: readonly string[]): string {
  return names.map((name) => statementNamed(statements, name)).join('\n');
}

/** The SQL of one name. Throws for an unknown one. */
export function statementNamed(statements: Statements, name: string): string {
  const sql = statements.get(name);
  if (sql === undefined) throw new Error(`no statement is named ${name}`);
  return sql;
}

/** Names of the `.sql` files of a directory, sorted. */
export function sqlFiles(directory: URL): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort();
}
