/** What Hookyard calls the statements that a server has counted. */
import { postgresStatements } from '../src/adapters/postgres/statement.ts';

const SHOWN = 60;

/** A name, or the beginning of a statement that has none. */
export function statementNames(): (sql: string) => string {
  const known = [...postgresStatements()].map(([name, sql]) => [name, bare(sql)] as const);
  return (sql) => {
    const text = bare(sql);
    const [whole] = known.find(([, own]) => own === text) ?? [];
    // One that is made of pieces has theirs in it; their names have a dot.
    const pieces = known.filter(([name, own]) => name.includes('.') && text.includes(own)).map(([name]) => name);
    return whole ?? (pieces.length > 0 ? pieces.join(' + ') : text.slice(0, SHOWN));
  };
}

/** Without comments, layout, and values: the server counts statements that differ in these as one. */
function bare(sql: string): string {
  return sql
    .replace(/^\s*--.*$/gm, '')
    .replace(/(?<!:):[a-z_]+|\$\d+|'[^']*'|\b(?:\d+|null|true|false)\b/g, '?')
    .replace(/\s+/g, ' ')
    .replace(/;\s*$/, '')
    .trim();
}
