import assert from 'node:assert/strict';
import test from 'node:test';
import { createMac } from '../../src/adapters/mac.ts';
import { dedupeKey } from '../../src/core/dedupe.ts';
import { type Reading, readers } from '../../src/core/reader.ts';
import { isSourceType, SOURCE_TYPES, type SourceType } from '../../src/core/source.ts';
import { sharedJson } from '../support/shared.ts';

interface Fixture {
  endpointConfig?: { registry?: string; timeZone?: string };
  request: { body?: unknown; rawBody?: string };
  expected: {
    disposition: 'events' | 'ignored' | 'rejected';
    events: Record<string, unknown>[];
    dedupeKey: string | null;
  };
}

const { sha256 } = createMac();
const RECEIVED_AT_MS = Date.UTC(2026, 10, 21);

/** What a reading is called in a fixture; `rejected` is what the secret URL answers to an unreadable payload. */
const DISPOSITIONS: Readonly<Record<Reading['kind'], string>> = {
  facts: 'events',
  ignored: 'ignored',
  unreadable: 'rejected',
};

function read(type: SourceType, { request, endpointConfig }: Fixture) {
  const raw = request.rawBody ?? JSON.stringify(request.body);
  const body: unknown = JSON.parse(raw);
  const reading = readers[type]({
    body,
    headers: {},
    registry: endpointConfig?.registry ?? null,
    timeZone: endpointConfig?.timeZone ?? null,
    receivedAtMs: RECEIVED_AT_MS,
  });
  return { reading, dedupe: dedupeKey(type, { headers: {}, body, rawBody: Buffer.from(raw), reading }, sha256) };
}

/** The facts, reduced to the fields that the fixture names. */
function named(reading: Reading, expected: readonly Record<string, unknown>[]): unknown[] {
  if (reading.kind !== 'facts') return [];
  return reading.facts.map(({ fact }, index) => {
    const shown = new Map(Object.entries({ ...fact, time: fact.kind === 'ping' ? null : fact.timeMs }));
    return Object.fromEntries(Object.keys(expected[index] ?? {}).map((name) => [name, shown.get(name)]));
  });
}

/** Times are compared as instants. */
function asInstant(event: Record<string, unknown>): Record<string, unknown> {
  return typeof event.time === 'string' ? { ...event, time: Date.parse(event.time) } : event;
}

/** The first word of the fixture's prose says which rule makes the key. */
function ruleOf(prose: string | null): string | null {
  if (prose === null || prose.startsWith('none')) return null;
  return prose.startsWith('body id') ? 'cloudevent' : 'derived';
}

for (const type of Object.keys(SOURCE_TYPES).filter(isSourceType)) {
  test(`every fixture of ${type} is read as it should be`, (t) => {
    const fixtures = sharedJson(`fixtures/${type}`, () => true);
    for (const { name, json } of fixtures) {
      const fixture = json as Fixture;
      const { reading, dedupe } = read(type, fixture);
      const { disposition, events, dedupeKey: prose } = fixture.expected;
      assert.equal(DISPOSITIONS[reading.kind], disposition, name);
      assert.deepEqual(named(reading, events), events.map(asInstant), name);
      const rule = dedupe?.key.replace(/:.*$/, '').replace(/^(?:facts|body)$/, 'derived') ?? null;
      assert.equal(rule, ruleOf(prose), name);
    }
    t.diagnostic(`${fixtures.length} read`);
  });
}
