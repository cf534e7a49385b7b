/**
 * The map of the house: which layers there are and what each may import, and the rules that hold inside them. Every
 * rule is tried twice: on the project, and on planted breaches that it must find.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { houseRules, planted, projectOf } from './architecture/house.ts';
import type { Layer } from './architecture/layers.ts';
import type { Home } from './architecture/rules.ts';
import { projectFiles, projectSources } from './architecture/sources.ts';

const CORE = ['core', 'core/signature'];
const PORTS = ['ports', ...CORE];
const FLOWS = ['flows', ...PORTS];
const ADAPTERS = ['adapters', 'adapters/garbage', 'adapters/sqlite', 'adapters/postgres', 'adapters/memory'];
const FILES = ['node:fs', 'node:fs/promises', 'node:path', 'node:os', 'node:url'];
const OWN_ADAPTERS = ['src/adapters/*', 'src/adapters/sender/', 'src/adapters/executor/'];
const CORE_PACKAGES = ['uuid', 'ipaddr.js', 're2js', 'jsonpath-rfc9535'];
const SERVER_PACKAGES = ['hono', '@hono/zod-openapi', 'zod'];
const THREADS = ['node:sqlite', 'node:worker_threads'];

/** A layer may import its own files, those of `layers`, and the modules named. Nothing else. A file's first row wins. */
const MAP: readonly Layer[] = [
  { name: 'test', holds: ['test/', 'bench/'], layers: 'any', npm: 'any', node: 'any', tests: true },
  { name: 'core/signature', holds: ['src/core/signature/'], layers: ['core'], npm: [], node: [] },
  { name: 'core', holds: ['src/core/'], layers: ['core/signature'], npm: CORE_PACKAGES, node: [] },
  { name: 'ports', holds: ['src/ports.ts', 'src/ports/'], layers: CORE, npm: [], node: [] },
  { name: 'flows', holds: ['src/flows/'], layers: PORTS, npm: [], node: [] },
  {
    name: 'adapters/garbage',
    holds: ['src/adapters/garbage.ts'],
    layers: [],
    npm: [],
    node: ['node:v8', 'node:vm'],
  },
  { name: 'adapters', holds: OWN_ADAPTERS, layers: PORTS, npm: ['undici', 'pino', 'prom-client'], node: 'any' },
  { name: 'adapters/sql', holds: ['src/adapters/sql/'], layers: PORTS, npm: [], node: [...FILES, 'node:crypto'] },
  {
    name: 'adapters/sqlite',
    holds: ['src/adapters/sqlite/'],
    layers: ['adapters/sql', 'adapters/garbage', ...PORTS],
    npm: [],
    node: [...FILES, ...THREADS],
  },
  {
    name: 'adapters/postgres',
    holds: ['src/adapters/postgres/'],
    layers: ['adapters/sql', ...PORTS],
    npm: ['pg'],
    node: FILES,
  },
  { name: 'adapters/memory', holds: ['src/adapters/memory/'], layers: PORTS, npm: [], node: [] },
  {
    name: 'server/node',
    holds: ['src/server/node.ts'],
    layers: ['server', ...FLOWS],
    npm: ['@hono/node-server'],
    node: [],
    types: ['node:http'],
  },
  {
    name: 'server/listening',
    holds: ['src/server/listening.ts', 'src/server/unreadable.ts'],
    layers: ['server', 'server/node', ...FLOWS],
    npm: [],
    node: ['node:http'],
    types: ['node:net', 'node:stream'],
  },
  { name: 'server', holds: ['src/server/'], layers: ['server/node', ...FLOWS], npm: SERVER_PACKAGES, node: [] },
  { name: 'worker', holds: ['src/worker/'], layers: FLOWS, npm: [], node: [] },
  {
    name: 'index',
    holds: ['src/index.ts', 'src/opening.ts'],
    layers: ['server', 'server/listening', 'worker', ...ADAPTERS, ...FLOWS],
    npm: [],
    node: ['node:path'],
  },
  { name: 'verify', holds: ['src/verify/'], layers: ['core/signature'], npm: [], node: [] },
  { name: 'client', holds: ['src/client/'], layers: [], npm: [], node: [] },
  {
    name: 'simulator',
    holds: ['src/simulator/'],
    layers: ['adapters/memory', 'worker', ...FLOWS],
    npm: [],
    node: [],
  },
  {
    name: 'cli',
    holds: ['src/cli/'],
    layers: ['index', 'client', ...ADAPTERS, ...FLOWS],
    npm: ['commander'],
    node: [...FILES, 'node:module', 'node:process', 'node:util'],
  },
  { name: 'dashboard', holds: ['dashboard/'], layers: ['client'], npm: 'any', node: [] },
  { name: 'examples', holds: ['examples/'], layers: ['index', 'client', 'verify'], npm: ['hookyard'], node: 'any' },
  { name: 'build', holds: ['build.ts'], layers: [], npm: [], node: 'any' },
];

/** What only one place of the program may do. */
const HOMES: readonly Home[] = [
  {
    what: 'the wall clock',
    pattern: /\bDate\.now\b|\bnew Date(?:\(\s*\)|(?!\s*\())|(?<!new )\bDate\(\s*\)/,
    // Engine time belongs to the embedded store's threads, which share it with a test's offset.
    homes: ['src/adapters/clock.ts', 'src/adapters/sqlite/engine-clock.ts'],
  },
  {
    what: 'dice',
    pattern: /\bMath\.random\b|\bcrypto\.(?:randomUUID|getRandomValues)\b/,
    homes: ['src/adapters/random.ts'],
  },
  { what: 'the environment', pattern: /\bprocess\.env\b/, homes: ['src/cli/config.ts'] },
];

const project = projectOf(projectSources(), projectFiles());

for (const { sentence, breaches, plants, harmless } of houseRules(MAP, HOMES)) {
  test(sentence, () => assert.deepEqual(breaches(project), []));
  test(`a breach is found: ${sentence}`, () => {
    for (const plant of plants) assert.notDeepEqual(breaches(planted(plant)), [], JSON.stringify(plant));
    for (const plant of harmless ?? []) assert.deepEqual(breaches(planted(plant)), []);
  });
}

test('the project is large enough to be the right one', () => {
  assert.ok(project.program.length > 100, `only ${project.program.length} files`);
});
