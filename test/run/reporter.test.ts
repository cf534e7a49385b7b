import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { COUNTS_MARK } from './counts.ts';
import report from './reporter.ts';

const REPORTER = new URL('./reporter.ts', import.meta.url).href;

/** What the reporter prints about a file of tests. */
function reportOn(lines: readonly string[]): { text: string; counts: unknown } {
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-reporter-'));
  const file = join(directory, 'some.test.mjs');
  writeFileSync(file, ["import { describe, test } from 'node:test';", ...lines].join('\n'));
  // Else the inner runner takes itself for a part of this one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdout } = spawnSync(process.execPath, ['--test', `--test-reporter=${REPORTER}`, file], {
    encoding: 'utf8',
    env,
  });
  rmSync(directory, { recursive: true });
  const marked = stdout.split('\n').find((line) => line.startsWith(COUNTS_MARK)) ?? `${COUNTS_MARK}null`;
  return { text: stdout, counts: JSON.parse(marked.slice(COUNTS_MARK.length)) };
}

test('good tests are counted and their diagnostics shown', () => {
  const { text, counts } = reportOn(["test('one', (t) => t.diagnostic('two of three agree'));"]);
  assert.deepEqual(counts, { passed: 1, failed: 0, skipped: 0 });
  assert.match(text, /two of three agree/);
  assert.match(text, /some\.test\.mjs: 1 passed/);
});

test('a failure is told once, with its name, its place and its reason', () => {
  const { text, counts } = reportOn([
    "describe('outer', () => {",
    "  test('inner', () => { throw new Error('the reason'); });",
    '});',
  ]);
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.equal(text.match(/FAILED inner\n {2}at .*some\.test\.mjs:3/g)?.length, 1);
  assert.equal(text.match(/Error: the reason/g)?.length, 1);
  assert.doesNotMatch(text, /FAILED outer/);
});

test('skipped and unwritten tests are counted apart and named', () => {
  const { text, counts } = reportOn([
    "test('one', { skip: true }, () => {});",
    "test('two', { todo: true }, () => {});",
  ]);
  assert.deepEqual(counts, { passed: 0, failed: 0, skipped: 2 });
  assert.match(text, /not run: one\n/);
  assert.match(text, /not run: two\n/);
});

test('a file that cannot be loaded is a failure', () => {
  const { counts } = reportOn(["throw new Error('broken');"]);
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
});

test('of a run that is ended the files are named whose process had not ended', () => {
  const { text, counts } = reportOn([
    // The runner is ended by the signal, and ends this process in its turn.
    "test('one', async () => {",
    "  process.kill(process.ppid, 'SIGTERM');",
    '  await new Promise((resolve) => setTimeout(resolve, 2 ** 30));',
    '});',
  ]);
  assert.match(text, /not finished: .*some\.test\.mjs\n/);
  assert.equal(counts, null);
});

test('of a run that is ended the tests are named that had begun and not finished', async () => {
  const at = (type: string, name: string, line = 1) => ({ type, data: { name, line, nesting: 0, file: 'a.test.ts' } });
  const events = [
    at('test:dequeue', 'a.test.ts'),
    at('test:dequeue', 'one', 3),
    at('test:complete', 'one', 3),
    at('test:dequeue', 'two', 5),
    { type: 'test:interrupted', data: { tests: [] } },
  ];
  const texts: string[] = [];
  for await (const text of report(events as unknown as AsyncIterable<TestEvent>)) texts.push(text);
  assert.deepEqual(
    [...texts.join('').matchAll(/not finished: (.*)\n/g)].map(([, name]) => name),
    ['a.test.ts', 'two'],
  );
});
