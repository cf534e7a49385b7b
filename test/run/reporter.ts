/** A test reporter for people: one line per file, failures in full, and one line of counts for the runner. */
import { AssertionError } from 'node:assert';
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';
import { COUNTS_MARK, type Counts } from './counts.ts';

/** A test that was begun and not finished, by the name and place it has in the runner's events. */
type Begun = Extract<TestEvent, { type: 'test:dequeue' }>['data'];

/** Turns the runner's events into text. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const underWay = new Map<string, Begun>();
  for await (const event of events) {
    // These two come when it happens; all others come in the order of the files.
    if (event.type === 'test:dequeue') underWay.set(keyOf(event.data), event.data);
    if (event.type === 'test:complete') underWay.delete(keyOf(event.data));
    const text = event.type === 'test:interrupted' ? unfinished([...underWay.values()]) : textOf(event);
    if (text !== null) yield `${text}\n`;
  }
}

function keyOf({ file, line, name, nesting }: Pick<Begun, 'file' | 'line' | 'name' | 'nesting'>): string {
  return JSON.stringify([file, line, nesting, name]);
}

/** A file is under way until its process has ended, so that one is named as well whose tests are all over. */
function unfinished(underWay: readonly Begun[]): string {
  return underWay
    .map(({ file, line, name }) => `  FAILED, not finished: ${name}\n  at ${shown(file)}:${line}`)
    .join('\n');
}

function textOf(event: TestEvent): string | null {
  switch (event.type) {
    case 'test:fail':
      return failure(event.data);
    case 'test:pass':
      return event.data.skip === undefined && event.data.todo === undefined ? null : `  not run: ${event.data.name}`;
    case 'test:diagnostic':
      // Totals come as diagnostics too, without a file.
      return event.data.file === undefined ? null : `  ${event.data.message}`;
    case 'test:stderr':
      return event.data.message.trimEnd();
    case 'test:summary':
      return summary(event.data);
    default:
      return null;
  }
}

type Failure = Extract<TestEvent, { type: 'test:fail' }>['data'];

/** A suite fails with its tests, and these have been told already. */
function failure({ name, file, line, details }: Failure): string | null {
  const { error } = details;
  if ('failureType' in error && error.failureType === 'subtestsFailed') return null;
  return `\n  FAILED ${name}\n  at ${shown(file)}:${line}\n${indented(described(error.cause ?? error))}\n`;
}

/** A failed assertion says all in its message; frames of Node itself say nothing. */
function described(error: unknown): string {
  const text = error instanceof AssertionError ? (error.stack ?? error.message) : inspect(error);
  return text.replace(/^ +at .*\(?node:internal\/.*\n?/gm, '').trimEnd();
}

type Summary = Extract<TestEvent, { type: 'test:summary' }>['data'];

function summary({ file, counts, duration_ms: durationMs }: Summary): string {
  const failed = counts.tests - counts.passed - counts.skipped - counts.todo;
  if (file !== undefined) {
    return `  ${shown(file)}: ${counts.passed} passed${failed > 0 ? `, ${failed} FAILED` : ''} (${Math.round(durationMs)} ms)`;
  }
  const total: Counts = { passed: counts.passed, failed, skipped: counts.skipped + counts.todo };
  return COUNTS_MARK + JSON.stringify(total);
}

function shown(file: string | undefined): string {
  return file === undefined ? '?' : relative('', file);
}

function indented(text: string): string {
  return text.replace(/^/gm, '    ');
}
