/** The rules of the house, each with breaches that it must find. */
import { forbiddenImports, type Layer, unmapped } from './layers.ts';
import * as rules from './rules.ts';
import { runtimeDependencies, type Source, sourceOf } from './sources.ts';

/** What nouns and verbs leave to the adapters. */
const WORLD = /\b(?:process|console|performance)\.|(?<![.\w])(?:fetch|setTimeout|setInterval|setImmediate)\(/;
const WAITING = /\basync\b|\bawait\b/;
const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 60;

/** What the rules look at. */
export interface Project {
  /** Everything that the program is made of. */
  program: readonly Source[];
  /** The program, its tests, benches and tools. */
  sources: readonly Source[];
  /** Every file by its path, whatever it holds. */
  files: readonly string[];
}

/** A project of these sources; `files` are all its paths. */
export function projectOf(sources: readonly Source[], files: readonly string[]): Project {
  const isProgram = ({ path }: Source) => path.startsWith('src/') && !/\.test\.tsx?$/.test(path);
  return { sources, files, program: sources.filter(isProgram) };
}

function within(folders: readonly string[], sources: readonly Source[]): Source[] {
  return sources.filter(({ path }) => folders.some((folder) => path.startsWith(folder)));
}

function undeclared({ program }: Project): string[] {
  const dependencies = ['node:', './', '../', ...runtimeDependencies()];
  return program.flatMap(({ path, imports }) =>
    imports
      .map(({ specifier }) => specifier ?? './')
      .filter((specifier) => !dependencies.some((name) => specifier.startsWith(name)))
      .map((specifier) => `${path} imports ${specifier}, which is no dependency`),
  );
}

/** Planted files by their path. */
export type Plant = Readonly<Record<string, string>>;

export interface Rule {
  sentence: string;
  /** One line per breach. */
  breaches(project: Project): string[];
  /** Each breaks the rule. */
  plants: readonly Plant[];
  /** Each looks like a breach and is none. */
  harmless?: readonly Plant[];
}

/** One line too long. */
const longFunction = `export function long() {\n${'  work();\n'.repeat(MAX_FUNCTION_LINES - 1)}}\n`;

/** Every rule, on a map of layers and a list of homes. */
export const houseRules = (map: readonly Layer[], homes: readonly rules.Home[]): readonly Rule[] => [
  {
    sentence: 'every source file has a place on the map',
    breaches: ({ sources }) => unmapped(map, sources),
    plants: [
      { 'src/utils/text.ts': '' },
      { 'tools/x.ts': '' },
      { 'src/adapters/mysql/store.ts': '' },
      { 'src/x.ts': '' },
    ],
    harmless: [{ 'src/utils/text.test.ts': '' }, { 'src/adapters/sender/dial.ts': '' }],
  },
  {
    sentence: 'imports only point down',
    breaches: ({ sources }) => forbiddenImports(map, sources),
    plants: [
      { 'src/core/a.ts': "import { readFileSync } from 'node:fs';" },
      { 'src/core/a.ts': "import { z } from 'zod';" },
      { 'src/core/a.ts': "import type { Clock } from '../ports.ts';" },
      { 'src/core/a.ts': "export * from '../flows/publish.ts';" },
      { 'src/core/a.ts': 'export const load = (name: string) => import(name);' },
      { 'src/ports/a.ts': "import type { X } from '../flows/x.ts';" },
      { 'src/flows/a.ts': "import { createClock } from '../adapters/clock.ts';" },
      { 'src/flows/a.ts': "const { hash } = await import('node:crypto');" },
      { 'src/flows/a.ts': "import { z } from 'zod';" },
      { 'src/adapters/a.ts': "import { publish } from '../flows/publish.ts';" },
      { 'src/adapters/sqlite/a.ts': "import { x } from '../postgres/rows.ts';" },
      { 'src/adapters/postgres/a.ts': "import { x } from '../sqlite/rows.ts';" },
      { 'src/adapters/postgres/a.ts': "readFileSync(new URL('../sqlite/sql/', import.meta.url));" },
      { 'src/adapters/sql/a.ts': "import { x } from '../sqlite/rows.ts';" },
      { 'src/server/a.ts': "import { createClock } from '../adapters/clock.ts';" },
      { 'src/server/a.ts': "import type { IncomingMessage } from 'node:http';" },
      { 'src/server/node.ts': "import { createServer } from 'node:http';" },
      { 'src/worker/a.ts': "import { createApp } from '../server/app.ts';" },
      { 'src/worker/a.ts': "import pino from 'pino';" },
      { 'src/index.ts': "import { main } from './cli/main.ts';" },
      { 'src/cli/a.ts': "import { startLoop } from '../worker/loop.ts';" },
      { 'src/verify/a.ts': "import { isoTime } from '../core/time.ts';" },
      { 'src/client/a.ts': "import type { Problem } from '../core/problem.ts';" },
      { 'src/simulator/a.ts': "import { openSqliteStore } from '../adapters/sqlite/store.ts';" },
      { 'src/core/a.ts': "import { sample } from '../../test/support/samples.ts';" },
      { 'src/core/a.ts': "import './a.test.ts';" },
      { 'src/flows/a.ts': "import { load } from '../../bench/load.ts';" },
      { 'dashboard/a.ts': "import { isoTime } from '../src/core/time.ts';" },
    ],
    harmless: [
      { 'src/core/a.test.ts': "import { createClock } from '../adapters/clock.ts';" },
      { 'src/server/node.ts': "import type { IncomingMessage } from 'node:http';" },
      { 'src/core/a.ts': "// import { x } from '../flows/x.ts';\nconst said = \"import('node:fs')\";" },
      { 'test/a.ts': "import { isoTime } from '../src/core/time.ts';" },
    ],
  },
  {
    sentence: 'what the program imports is one of its dependencies',
    breaches: undeclared,
    plants: [{ 'src/core/a.ts': "import fc from 'fast-check';" }],
  },
  {
    sentence: 'no files of the program import each other in a ring',
    breaches: ({ program }) => rules.cycles(program),
    plants: [
      { 'src/core/a.ts': "import './b.ts';", 'src/core/b.ts': "import type { A } from './a.ts';" },
      { 'src/core/a.ts': "import './a.ts';" },
    ],
    harmless: [
      {
        'src/core/a.ts': "import './b.ts'; import './c.ts';",
        'src/core/b.ts': "import './c.ts';",
        'src/core/c.ts': '',
      },
    ],
  },
  {
    sentence: 'the clock, the dice and the environment are read only at home',
    breaches: ({ program }) => rules.homeless(homes, program),
    plants: [
      { 'src/core/a.ts': 'const now = Date.now();' },
      { 'src/flows/a.ts': 'const now = new Date();' },
      { 'src/flows/a.ts': 'const now = new Date;' },
      { 'src/adapters/a.ts': 'const roll = Math.random();' },
      { 'src/adapters/a.ts': 'const port = process.env.PORT;' },
      { 'src/cli/main.ts': 'const text = `$' + '{process.env.HOME}`;' },
    ],
    harmless: [
      { 'src/core/a.ts': "const at = new Date(0); // not Date.now()\nconst said = 'process.env';" },
      { 'src/cli/config.ts': 'const port = process.env.PORT;' },
    ],
  },
  {
    sentence: 'nouns, ports and verbs leave the world to the adapters',
    breaches: ({ program }) =>
      rules.homeless(
        [{ what: 'the world', pattern: WORLD, homes: [] }],
        within(['src/core/', 'src/ports', 'src/flows/'], program),
      ),
    plants: [
      { 'src/flows/a.ts': 'setTimeout(run, 5);' },
      { 'src/core/a.ts': 'process.hrtime();' },
      { 'src/flows/a.ts': 'await fetch(url);' },
    ],
    harmless: [{ 'src/worker/a.ts': 'process.exitCode = 1;' }],
  },
  {
    sentence: 'nouns wait for nothing',
    breaches: ({ program }) =>
      rules.homeless([{ what: 'waiting', pattern: WAITING, homes: [] }], within(['src/core/'], program)),
    plants: [{ 'src/core/a.ts': 'export async function load() {}' }, { 'src/core/a.ts': 'await ready;' }],
    harmless: [{ 'src/flows/a.ts': 'await ready;' }],
  },
  {
    sentence: 'SQL files stand with their adapter',
    breaches: ({ files }) => rules.strayedSql(files),
    plants: [{ 'src/flows/a.sql': '' }, { 'test/a.sql': '' }],
    harmless: [{ 'src/adapters/sqlite/sql/a.sql': '' }],
  },
  {
    sentence: 'SQL stands in SQL files',
    breaches: ({ program }) => rules.sqlInCode(program),
    plants: [
      "'select id from event'",
      "'SELECT 1'",
      "'insert or ignore into event values (1)'",
      '`update event\n set n = $' + '{n}`',
      '"delete from event"',
      "'create unique index x on event (id)'",
      "'PRAGMA journal_mode = wal'",
      "'begin immediate'",
      "'commit;'",
      "'with recursive n(x) as (select 1)'",
    ].map((literal) => ({ 'src/adapters/sqlite/a.ts': `database.exec(${literal});` })),
    harmless: [
      { 'src/server/a.ts': "const method = 'DELETE'; // delete from event" },
      { 'src/server/a.ts': "const summary = 'Update a subscription'; const other = 'Create a source';" },
      { 'src/server/a.ts': "const route = 'DELETE /api/v1/keys/{id}'; const said = 'Select the fields you want';" },
    ],
  },
  {
    sentence: `no file of the program has more than ${MAX_FILE_LINES} lines`,
    breaches: ({ sources }) => rules.longFiles(within(['src/'], sources), MAX_FILE_LINES),
    plants: [{ 'src/core/a.ts': 'go();\n'.repeat(MAX_FILE_LINES + 1) }],
    harmless: [{ 'src/core/a.ts': 'go();\n'.repeat(MAX_FILE_LINES) }],
  },
  {
    sentence: `no function of the program has more than ${MAX_FUNCTION_LINES} lines without saying why`,
    breaches: ({ program }) => rules.longFunctions(program, MAX_FUNCTION_LINES),
    plants: [
      { 'src/core/a.ts': longFunction },
      { 'src/core/a.ts': longFunction.replace('long()', 'long(a = { b: 1 }): { c: string } | null') },
      { 'src/core/a.ts': longFunction.replace('function long()', 'const long = async (a: () => void): Promise<X> =>') },
      { 'src/core/a.ts': `export const made = { ${longFunction.replace('export function ', '')}};` },
      { 'src/core/a.ts': `/** Is long. */\n${longFunction}` },
    ],
    harmless: [
      { 'src/core/a.ts': `/** Long because the table of states is one. */\n${longFunction}` },
      { 'src/core/a.ts': longFunction.replace('  work();\n', '') },
      { 'src/core/a.ts': `const table = [\n${'  1,\n'.repeat(100)}];\nif (table) {\n${'  go();\n'.repeat(100)}}` },
    ],
  },
  {
    sentence: 'a check that is switched off says why',
    breaches: ({ sources }) => rules.unexplainedSilence(sources),
    plants: [
      { 'src/core/a.ts': '// biome-ignore lint/suspicious/noConsole:\nwork();' },
      { 'src/core/a.ts': '// biome-ignore lint/suspicious/noConsole: ok\nwork();' },
      { 'src/core/a.ts': '// biome-ignore lint\nwork();' },
      { 'test/a.ts': '// @ts-expect-error\nwork();' },
      { 'test/a.ts': '/* @ts-ignore */\nwork();' },
    ],
    harmless: [
      { 'src/core/a.ts': '// biome-ignore lint/suspicious/noConsole: the command line speaks here\nwork();' },
      { 'test/a.ts': '// @ts-expect-error a caller without types may pass this\nwork();' },
    ],
  },
  {
    sentence: 'nothing has the type any',
    breaches: ({ sources }) => rules.anyTypes(sources),
    plants: [
      'const a = b as any;',
      'let a: any;',
      'const a: Record<string, any> = {};',
      'const a: any[] = [];',
      'type A = string | any;',
      'const a = <any>b;',
    ].map((text) => ({ 'test/a.ts': text })),
    harmless: [{ 'test/a.ts': "// as any\nconst said = 'as any'; AbortSignal.any([]); const many = { any: 1 };" }],
  },
];

/** A project of planted files alone. */
export function planted(plant: Plant): Project {
  return projectOf(
    Object.entries(plant).map(([path, text]) => sourceOf(path, text)),
    Object.keys(plant),
  );
}
