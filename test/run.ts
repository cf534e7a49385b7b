/**
 * The one way to check, behind `npm test`: all steps in order up to the first that fails, or only the steps named
 * (`npm test -- unit contract`). The last line is `N passed, N failed`; a test that was skipped fails the run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ABNORMAL, COUNTS_MARK, type Counts, isGood, judged, lastLine, NO_TESTS, total } from './run/counts.ts';
import { whenSilent } from './run/silence.ts';
import { STEPS, type Step } from './run/steps.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const REPORTER = new URL('./run/reporter.ts', import.meta.url).href;
/** The journeys start servers of their own: more files at once only wait for each other. */
const FILES_AT_ONCE = 2;
/** Many times what the longest file takes: one that has hung is to be named before whoever runs this loses patience. */
const SILENCE_MS = 15 * 60_000;

interface Result {
  step: Step;
  counts: Counts;
  seconds: number;
}

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    say(`There is no step ${unknown.join(', ')}. The steps are: ${STEPS.map(({ name }) => name).join(', ')}.`);
    return 2;
  }
  const results: Result[] = [];
  for (const step of STEPS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const result = await timed(step);
    results.push(result);
    if (!isGood(result.counts)) break;
  }
  return summarise(results);
}

async function timed(step: Step): Promise<Result> {
  say(`\n== ${step.title} (${step.name})`);
  const startMs = performance.now();
  const counts = 'program' in step ? await runProgram(step) : await runTests(step);
  const seconds = (performance.now() - startMs) / 1000;
  say(`   ${isGood(counts) ? 'passed' : 'FAILED'} in ${seconds.toFixed(1)} s`);
  return { step, counts, seconds };
}

async function runProgram({ program, args }: Extract<Step, { program: string }>): Promise<Counts> {
  const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  return (await exitCode(child)) === 0 ? NO_TESTS : ABNORMAL;
}

async function runTests({ name, files }: Extract<Step, { files: readonly string[] }>): Promise<Counts> {
  const paths = files.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).sort();
  if (paths.length === 0) {
    say(`   No file matches ${files.join(', ')}: the step "${name}" would prove nothing.`);
    return ABNORMAL;
  }
  const args = [
    '--test',
    `--test-concurrency=${FILES_AT_ONCE}`,
    `--test-reporter=${REPORTER}`,
    '--test-reporter-destination=stdout',
    ...paths,
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const silence = whenSilent(SILENCE_MS, () => {
    say(`   Nothing was heard of any test for ${SILENCE_MS / 60_000} minutes: the run is ended.`);
    child.kill('SIGTERM');
  });
  const [counts, code] = await Promise.all([readCounts(child, silence.heard), exitCode(child)]);
  silence.over();
  if (counts?.passed === 0) say('   Not one test passed.');
  return judged(counts, code);
}

/** Passes the output on and keeps the line that is not for people. */
async function readCounts(child: ChildProcess, heard: () => void): Promise<Counts | null> {
  let counts: Counts | null = null;
  if (child.stdout === null) return counts;
  for await (const line of createInterface({ input: child.stdout })) {
    heard();
    if (line.startsWith(COUNTS_MARK)) counts = JSON.parse(line.slice(COUNTS_MARK.length)) as Counts;
    else say(line);
  }
  return counts;
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function summarise(results: readonly Result[]): number {
  say('\n== summary');
  for (const { step, counts, seconds } of results) {
    const tests = 'files' in step ? `${counts.passed} tests` : '';
    say(
      `   ${isGood(counts) ? 'ok    ' : 'FAILED'} ${step.name.padEnd(13)} ${seconds.toFixed(1).padStart(6)} s  ${tests}`,
    );
  }
  say(`\n${lastLine(total(results.map(({ counts }) => counts)))}`);
  return results.every(({ counts }) => isGood(counts)) ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
