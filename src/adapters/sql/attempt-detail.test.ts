import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AttemptDetail } from '../../core/attempt.ts';
import { detailColumn, detailOf } from './attempt-detail.ts';

const AT_MS = 1_763_000_000_000;
const BODY = new TextEncoder().encode('ok');

/** A try that a receiver took, on a connection that was there. */
const TAKEN: AttemptDetail = {
  envelopeAtMs: AT_MS,
  sequence: null,
  phases: { dns: null, connect: null, tls: null, send: 0.1, firstByte: 8, total: 12 },
  connection: { remoteAddress: '192.0.2.1', reused: true, httpVersion: '1.1' },
  facts: {},
  responseHeaders: { 'content-length': '2' },
  responseBody: BODY,
  responseTruncated: false,
  responseLength: 2,
  mayRepeat: false,
};

/** One that was closed without a try. */
const CLOSED: AttemptDetail = {
  ...TAKEN,
  phases: null,
  connection: null,
  responseHeaders: null,
  responseBody: null,
  responseLength: null,
};

/** The column as it was written while nothing was left out. */
function olderColumn({ responseBody: _, ...detail }: AttemptDetail): string {
  return JSON.stringify(detail);
}

function readBack(column: string, { responseBody }: AttemptDetail): AttemptDetail {
  return detailOf(column, { atMs: AT_MS, responseBody });
}

const nullable = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: null });
const plainly = <Value>(model: { [Name in keyof Value]: fc.Arbitrary<Value[Name]> }) =>
  fc.record<Value>(model, { noNullPrototype: true });
const ms = fc.nat({ max: 99_999 }).map((tenths) => tenths / 10);
const perhapsMs = nullable(ms);
const texts = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
const anyPhases = plainly({
  dns: perhapsMs,
  connect: perhapsMs,
  tls: perhapsMs,
  send: perhapsMs,
  firstByte: perhapsMs,
  total: ms,
});
const anyConnection = plainly({
  remoteAddress: nullable(fc.ipV4()),
  reused: fc.boolean(),
  httpVersion: nullable(fc.constantFrom('1.0', '1.1')),
});
const anyDetail = plainly<AttemptDetail>({
  envelopeAtMs: fc.constantFrom(AT_MS, AT_MS - 1, 0),
  sequence: nullable(fc.nat()),
  phases: nullable(anyPhases),
  connection: nullable(anyConnection),
  facts: texts,
  responseHeaders: nullable(texts),
  responseBody: nullable(fc.uint8Array({ maxLength: 3 })),
  responseTruncated: fc.boolean(),
  responseLength: nullable(fc.nat({ max: 3 })),
  mayRepeat: fc.boolean(),
});

test('the detail of an attempt reads as it was given', () => {
  fc.assert(
    fc.property(anyDetail, (detail) => {
      assert.deepEqual(readBack(detailColumn({ atMs: AT_MS, detail }), detail), detail);
    }),
  );
});

test('a detail from before anything was left out reads the same', () => {
  fc.assert(fc.property(anyDetail, (detail) => assert.deepEqual(readBack(olderColumn(detail), detail), detail)));
});

test('one from before deliveries could be ordered has no sequence', () => {
  const { sequence: _, ...unordered } = TAKEN;
  assert.deepEqual(readBack(olderColumn(unordered as AttemptDetail), TAKEN), TAKEN);
});

test('what goes without saying is not stored', () => {
  const column = (detail: AttemptDetail) => JSON.parse(detailColumn({ atMs: AT_MS, detail }));
  assert.deepEqual(column(CLOSED), {});
  assert.deepEqual(column(TAKEN), {
    phases: { send: 0.1, firstByte: 8, total: 12 },
    connection: { remoteAddress: '192.0.2.1' },
    responseHeaders: { 'content-length': '2' },
  });
});

test('the form that is stored does not change with what is usual now', () => {
  const stored = '{"phases":{"total":3},"connection":{}}';
  assert.deepEqual(detailOf(stored, { atMs: AT_MS, responseBody: BODY }), {
    ...TAKEN,
    phases: { dns: null, connect: null, tls: null, send: null, firstByte: null, total: 3 },
    connection: { remoteAddress: null, reused: true, httpVersion: '1.1' },
    responseHeaders: null,
  });
});
