import { readFileSync } from 'node:fs';
import type { ReaderInput } from '../../src/core/reader.ts';
import type { SourceType } from '../../src/core/source.ts';

/** Our own sample payloads in the senders' documented formats. */
export const SAMPLES: readonly { file: string; type: SourceType }[] = [
  { file: 'dockerhub-push', type: 'dockerhub' },
  { file: 'harbor-push', type: 'harbor' },
  { file: 'harbor-push-cloudevents', type: 'harbor' },
  { file: 'native-push', type: 'native' },
];

/** When the samples were received: an hour after they say they happened. */
export const RECEIVED_AT_MS = Date.UTC(2026, 0, 1, 1);

/** A fresh copy of a sample, to be changed at will. */
export function sample(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../fixtures/${file}.json`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;
}

/** Input for a reader with nothing configured but what `changes` says. */
export function readerInput(body: unknown, changes: Partial<ReaderInput> = {}): ReaderInput {
  return { body, headers: {}, registry: null, timeZone: null, receivedAtMs: RECEIVED_AT_MS, ...changes };
}
