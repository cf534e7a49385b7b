/** A test reporter for people: one line per file, failures in full, and one line of counts for the runner. */
import { AssertionError } from 'node:assert';
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';
import { COUNTS_MARK, type Counts } from './counts.ts';

/** Turns the runner's events into text. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const text = textOf(event);
    if (text !== null) yield `${text}\n`;
  }
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
