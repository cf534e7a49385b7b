import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMetrics } from '../../src/adapters/metrics.ts';
import { createProgram } from '../../src/cli/program.ts';
import { SETTINGS } from '../../src/cli/settings.ts';
import type { CounterName, HistogramName } from '../../src/ports.ts';
import { projectSources } from '../architecture/sources.ts';
import { apiOf, spawnHookyard, startHookyard } from '../support/hookyard.ts';
import { publish } from '../support/journey.ts';
import { onlyBlock, readPage, sectionOf, tableRows } from './page.ts';
import { openTerminal } from './terminal.ts';

const PAGE = readPage('docs/operations.md');
const LOG = readPage('docs/reference/log.md');
const MAX_LINES = 200;

const rowsOf = (heading: string) => tableRows(sectionOf(PAGE, heading));

test('the page fits into 200 lines', () => {
  assert.ok(PAGE.trimEnd().split('\n').length <= MAX_LINES);
});

test('the configuration table is what the program takes', () => {
  const secret = SETTINGS.filter(({ from }) => from === 'environment').map(({ name, help }) => ['–', name, help]);
  const running = createProgram().commands.filter((command) => command.name() !== 'migrations');
  const commands = running.map(({ options }) =>
    options.map(({ long, description }) => [`${long}`, `${long}`.slice(2), description]),
  );
  for (const flags of commands) {
    const expected = [...flags, ...secret].map(([flag = '', name = '', help = '']) => [flag, variableOf(name), help]);
    assert.deepEqual(rowsOf('Configuration').sort(), expected.sort());
  }
});

function variableOf(name: string): string {
  return `HOOKYARD_${name.replaceAll('-', '_').toUpperCase()}`;
}

test('the metrics table has every metric with its type, labels and help, and no other', async () => {
  const metrics = createMetrics();
  const rows = rowsOf('Probes and metrics');
  for (const [name = '', type] of rows) {
    const own = name.replace('hookyard_', '');
    if (type === 'counter') metrics.count(own as CounterName);
    if (type === 'histogram') metrics.observe(own as HistogramName, 1);
  }
  const text = await metrics.expose();
  const ours = [...text.matchAll(/^# HELP (hookyard_\S+) (.*)\n# TYPE \S+ (\w+)$/gm)]
    .filter(([, name = '']) => !/^hookyard_(process|nodejs)_/.test(name))
    .map(([, name = '', help = '', type = '']) => [name, type, labelsOf(text, name), help]);
  assert.deepEqual(rows.sort(), ours.sort());
});

function labelsOf(text: string, name: string): string {
  const labels = new RegExp(`^${name}(?:_sum)?\\{(.*)\\}`, 'm').exec(text)?.[1] ?? '';
  return [...labels.matchAll(/(\w+)=/g)].map(([, label]) => label).join(', ');
}

test('the log table has every event of the sources with its levels, and no other', () => {
  const levels = new Map<string, Set<string>>();
  for (const { path, text } of projectSources()) {
    if (!path.startsWith('src/') || path.endsWith('.test.ts')) continue;
    for (const [, level = '', event = ''] of text.matchAll(/\blog\.(debug|info|warn|error)\(\s*'([^']+)'/g)) {
      levels.set(event, (levels.get(event) ?? new Set()).add(level));
    }
  }
  const written = [...levels].map(([event, at]) => [event, [...at].sort().join(', ')]);
  const shown = tableRows(sectionOf(LOG, 'The log')).map(([event = '', at = '']) => [
    event,
    at.split(', ').sort().join(', '),
  ]);
  assert.deepEqual(shown.sort(), written.sort());
});

test('the fields of delivery.settled are those that are logged', () => {
  const [, named = ''] = /`delivery\.settled` has ([\s\S]*)/.exec(LOG) ?? [];
  const source = readPage('src/worker/tries.ts');
  const [, logged = ''] = /const fields = \{([\s\S]*?)\n {2}\};/.exec(source) ?? [];
  const names = [...logged.matchAll(/^ {4}(\w+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'mayRepeat');
  assert.ok(names.length > 5);
  assert.deepEqual([...named.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort(), names.sort());
});

test('every file of a data directory is in the table, and a backup of a running instance starts', async (context) => {
  const backup = join(mkdtempSync(join(tmpdir(), 'hookyard-docs-')), 'copy');
  const running = await startHookyard({ env: { HOOKYARD_API_KEY: undefined } });
  context.after(async () => {
    await running.kill('SIGKILL');
    for (const directory of [join(backup, '..'), running.dataDirectory])
      rmSync(directory, { recursive: true, force: true });
  });
  const key = readFileSync(join(running.dataDirectory, 'admin-api-key'), 'utf8').trim();
  const { id } = await publish({ api: apiOf(running.url, key) }, 'deployment.completed');
  const terminal = openTerminal();
  context.after(() => terminal.close());
  const listed = await terminal.run(`ls ${running.dataDirectory}`);
  const shown = rowsOf('The data directory').flatMap(([files = '']) =>
    files.split(', ').map((file) => file.replaceAll('`', '')),
  );
  assert.deepEqual(listed.trim().split('\n').sort(), shown.sort());

  const commands = onlyBlock(PAGE, 'sh', 'Backup and restore');
  await terminal.run(commands.replaceAll('hookyard-backup', backup).replaceAll('.hookyard', running.dataDirectory));
  const restored = spawnHookyard({ dataDirectory: backup, env: { HOOKYARD_API_KEY: undefined } });
  context.after(() => restored.kill('SIGKILL'));
  const found = await apiOf(await restored.listening, key)('GET', `/api/v1/events/${id}`);
  assert.equal(found.status, 200, found.text);
});
