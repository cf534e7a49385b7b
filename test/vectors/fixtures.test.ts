import assert from 'node:assert/strict';
import test from 'node:test';
import { createMac } from '../../src/adapters/mac.ts';
import { dedupeKey } from '../../src/core/dedupe.ts';
import type { Mapping } from '../../src/core/mapping.ts';
import { isObject } from '../../src/core/reader/fields.ts';
import { type ReaderInput, type Reading, readers } from '../../src/core/reader.ts';
import { SOURCE_TYPES, type SourceType } from '../../src/core/source.ts';
import { sharedFolders, sharedJson } from '../support/shared.ts';

interface Fixture {
  endpointConfig?: { source?: string; registry?: string; timeZone?: string; timezone?: string; mapping?: unknown };
  request: { method?: string; headers?: Record<string, string>; body?: unknown; rawBody?: string };
  expected: {
    disposition: 'events' | 'ignored' | 'handshake' | 'rejected';
    events: Record<string, unknown>[];
    dedupeKey: string | null;
    response?: { json?: unknown };
  };
}

/** Which types of source have to understand the fixtures of a folder. */
const READ_BY: Readonly<Record<string, readonly SourceType[]>> = {
  acr: ['acr'],
  aliyun: ['aliyun'],
  artifactory: ['artifactory'],
  cloudevents: ['cloudevents'],
  distribution: ['distribution'],
  diun: ['diun'],
  dockerhub: ['dockerhub'],
  ecr: ['ecr'],
  gar: ['gar'],
  ghcr: ['ghcr', 'github', 'github-app'],
  github: ['github', 'github-app'],
  gitlab: ['gitlab', 'gitlab-webhook'],
  handshakes: [],
  harbor: ['harbor'],
  native: ['native'],
  nexus: ['nexus'],
  quay: ['quay'],
  wud: ['wud'],
  zot: ['zot'],
};

/** What some fixtures say in `endpointConfig.source` is another type than their folder's. */
const CONFIGURED_AS: ReadonlyMap<string, readonly SourceType[]> = new Map([
  ['eventgrid', ['acr-eventgrid']],
  ['cloudevents', ['cloudevents']],
]);

/** Folders and sources that no type of this version is for. */
const NOT_YET: ReadonlySet<string> = new Set([
  'azure-devops',
  'bitbucket',
  'bitbucket-server',
  'buildkite',
  'circleci',
  'drone',
  'forgejo',
  'gitea',
  'gogs',
  'jenkins',
  'travis',
  'msgraph',
  'sns',
]);

/** What the fixtures' prose means by a dedupe rule. */
const RULES: readonly { says: RegExp; rule: string | null }[] = [
  { says: /^none/, rule: null },
  { says: /^derived/, rule: 'derived' },
  { says: /^header /, rule: 'header' },
  { says: /^body (?:events)?\[\]/, rule: 'events' },
  { says: /^(?:body id|message\.messageId)/, rule: 'body' },
  { says: /^(?:ce[ -])?source ?\+/, rule: 'cloudevent' },
];

/** What a reading is called in a fixture; `rejected` is what the secret URL answers to an unreadable payload. */
const DISPOSITIONS: Readonly<Record<Reading['kind'], string>> = {
  facts: 'events',
  ignored: 'ignored',
  handshake: 'handshake',
  unreadable: 'rejected',
};

const { sha256 } = createMac();
const RECEIVED_AT_MS = Date.UTC(2026, 10, 21);

/** Bytes as they were sent, and what a reader gets of them. */
function received({ request, endpointConfig = {} }: Fixture): { raw: string; input: ReaderInput } {
  const raw = request.rawBody ?? JSON.stringify(request.body);
  const entries = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  const headers = Object.fromEntries(entries) as Record<string, string>;
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const body: unknown = JSON.parse(isForm ? (new URLSearchParams(raw).get('payload') ?? '') : raw);
  const { registry = null, timeZone, timezone, mapping } = endpointConfig;
  const zone = timeZone ?? timezone ?? null;
  /** A mapping given by a name is of a type that the reader of CloudEvents knows. */
  const paths = isObject(mapping) ? (mapping as Mapping) : null;
  return { raw, input: { body, headers, registry, timeZone: zone, mapping: paths, receivedAtMs: RECEIVED_AT_MS } };
}

/** The facts, reduced to the fields that the fixture names. */
function named(reading: Reading, expected: readonly Record<string, unknown>[]): unknown[] {
  if (!('facts' in reading)) return [];
  return reading.facts.map(({ fact }, index) => {
    const shown = new Map<string, unknown>(Object.entries(fact));
    if (fact.kind !== 'ping') {
      assert.equal(fact.timeMs === null, fact.timeSource === 'received', fact.timeSource);
      shown.set('time', fact.timeMs).set('timeSource', firstWord(fact.timeSource));
    }
    return Object.fromEntries(Object.keys(expected[index] ?? { kind: '' }).map((name) => [name, shown.get(name)]));
  });
}

/** Times are compared as instants; of `timeSource` only the field, which its prose begins with. */
function comparable(event: Record<string, unknown>): Record<string, unknown> {
  const { time, timeSource } = event;
  return {
    ...event,
    ...(typeof time === 'string' && { time: Date.parse(time) }),
    ...(typeof timeSource === 'string' && { timeSource: firstWord(timeSource) }),
  };
}

function firstWord(text: string): string {
  return text.split(' ')[0] ?? '';
}

/** A CloudEvent's id counts with its source, also where the fixture only says «body id». */
function ruleOf(prose: string | null, body: unknown): string | null {
  if (prose === null) return null;
  const row = RULES.find(({ says }) => says.test(prose));
  assert.ok(row !== undefined, prose);
  return row.rule === 'body' && isObject(body) && 'specversion' in body ? 'cloudevent' : row.rule;
}

function assertReadAs(type: SourceType, fixture: Fixture, name: string): void {
  const { raw, input } = received(fixture);
  assert.ok(SOURCE_TYPES[type].methods.includes(fixture.request.method ?? 'POST'), `${name}: its method is not taken`);
  const { disposition, events, dedupeKey: prose, response } = fixture.expected;
  const reading = readers[type](input);
  assert.equal(DISPOSITIONS[reading.kind], disposition, `${name}: ${JSON.stringify(reading)}`);
  const expected = events.map(comparable);
  assert.deepEqual(named(reading, events), expected, name);
  if (reading.kind === 'handshake') assert.deepEqual(reading.echo, response?.json ?? null, name);
  const { headers, body } = input;
  const message = { headers, body, rawBody: Buffer.from(raw), reading, mappedId: null, signedId: null };
  const dedupe = dedupeKey(SOURCE_TYPES[type].dedupe, message, sha256);
  const rule = dedupe?.key.replace(/:.*$/, '').replace(/^(?:facts|raw)$/, 'derived') ?? null;
  assert.equal(rule, ruleOf(prose, body), name);
}

function typesOf(folder: string, { endpointConfig }: Fixture): readonly SourceType[] {
  return CONFIGURED_AS.get(endpointConfig?.source ?? '') ?? READ_BY[folder] ?? [];
}

function fixturesOf(folder: string): { name: string; fixture: Fixture }[] {
  return sharedJson(`fixtures/${folder}`, () => true).map(({ name, json }) => ({ name, fixture: json as Fixture }));
}

test('every fixture is for a type of source, or named as one of a later version', () => {
  for (const folder of sharedFolders('fixtures').filter((name) => !NOT_YET.has(name))) {
    assert.ok(folder in READ_BY, folder);
    for (const { name, fixture } of fixturesOf(folder)) {
      const isLater = NOT_YET.has(fixture.endpointConfig?.source ?? '');
      assert.equal(typesOf(folder, fixture).length === 0, isLater, `${folder}/${name}`);
    }
  }
});

for (const folder of Object.keys(READ_BY)) {
  const fixtures = fixturesOf(folder);
  const types = new Set(fixtures.flatMap(({ fixture }) => typesOf(folder, fixture)));
  for (const type of types) {
    test(`the fixtures of ${folder} are read as they should be on a source of type ${type}`, (t) => {
      const own = fixtures.filter(({ fixture }) => typesOf(folder, fixture).includes(type));
      for (const { name, fixture } of own) assertReadAs(type, fixture, name);
      t.diagnostic(`${own.length} read`);
    });
  }
}

test('a source that tells the sender by the payload reads what the right reader reads, or says it cannot tell', (t) => {
  const told = Object.keys(READ_BY).flatMap((folder) =>
    fixturesOf(folder).filter(({ name, fixture }) => {
      const types = typesOf(folder, fixture);
      if (types.length === 0) return false;
      const { input } = received(fixture);
      const reading = readers['registry-push']({ ...input, mapping: null });
      if (reading.kind !== 'facts') return false;
      const right = types.map((type) => readers[type](input));
      for (const other of right) assert.deepEqual(reading, other, `${folder}/${name}`);
      return true;
    }),
  );
  t.diagnostic(`${told.length} told`);
});

test('the package event among the fixtures of gitea is read as it should be on a source of type gitea-package', () => {
  for (const { name, fixture } of fixturesOf('gitea').filter(({ name }) => name.startsWith('package-'))) {
    assertReadAs('gitea-package', fixture, name);
  }
});
