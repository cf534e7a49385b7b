/** The statements of this adapter, with their named parameters as PostgreSQL numbers them. */
import { compose, loadStatements, type Statements } from '../sql/statements.ts';

export interface Statement {
  /** Under which a connection keeps it prepared. */
  name: string;
  text: string;
  /** Names of `$1`, `$2`, … */
  parameters: readonly string[];
}

/** `:name`, but not the `::` of a cast. */
const PARAMETER = /(?<!:):([a-z_]+)/g;
const COMMENT = /^\s*--.*$/gm;

let loaded: Statements | null = null;
const composed = new Map<string, Statement>();

/** All statements of this adapter, read once. */
export function postgresStatements(): Statements {
  loaded ??= loadStatements(new URL('./sql/', import.meta.url));
  return loaded;
}

/** The statement made of the named pieces. Throws for an unknown name. */
export function statementOf(pieces: readonly string[]): Statement {
  const key = pieces.join('+');
  let statement = composed.get(key);
  if (statement === undefined) {
    // Names of pieces together can be longer than a prepared statement's name may be.
    statement = { name: `hookyard_${composed.size}`, ...numbered(compose(postgresStatements(), pieces)) };
    composed.set(key, statement);
  }
  return statement;
}

function numbered(sql: string): Omit<Statement, 'name'> {
  const parameters: string[] = [];
  const text = sql.replace(COMMENT, '').replace(PARAMETER, (_, name: string) => {
    if (!parameters.includes(name)) parameters.push(name);
    return `$${parameters.indexOf(name) + 1}`;
  });
  return { text, parameters };
}
