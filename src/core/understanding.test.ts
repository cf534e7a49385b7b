import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { RECEIVED_AT_MS, sample } from '../../test/support/samples.ts';
import { compileFilters, type FilterRule } from './filter.ts';
import { REDACTED } from './header.ts';
import { presetScheme } from './signature/schemes.ts';
import type { SourceType } from './source.ts';
import { conclude, type Message, type ReadingConfig, understand } from './understanding.ts';

const sha256 = (message: Uint8Array | string) => new Uint8Array(createHash('sha256').update(message).digest());
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function message(body: unknown, headers: Record<string, string> = {}): Message {
  return { headers, body: json(body), receivedAtMs: RECEIVED_AT_MS };
}

function config(type: SourceType): ReadingConfig {
  return { type, registry: null, timeZone: null, mapping: null, scheme: { type: 'none' } };
}

function filters(...rules: FilterRule[]) {
  const compiled = compileFilters(rules);
  assert.ok(compiled.kind === 'compiled', JSON.stringify(compiled));
  return compiled.filters;
}

const native = (tag: string) =>
  understand(message({ image: `r.example.com/acme/api:${tag}` }), config('native'), sha256);
const harbor = () => understand(message(sample('harbor-push')), config('harbor'), sha256);

test('a message whose id is signed is known again by it, whatever key is written beside it', () => {
  const keyOf = (headers: Record<string, string>, scheme: ReadingConfig['scheme']) =>
    understand(message({ image: 'acme/api:1' }, headers), { ...config('native'), scheme }, sha256).dedupe?.key;
  const standard = { type: 'standard-webhooks', header: 'Acme-Signature', toleranceSeconds: 300 } as const;
  const first = keyOf({ 'acme-id': 'm1' }, standard);
  assert.match(first ?? '', /^signed:/);
  assert.equal(keyOf({ 'acme-id': 'm1', 'acme-timestamp': '9', 'idempotency-key': 'k' }, standard), first);
  assert.notEqual(keyOf({ 'acme-id': 'm2' }, standard), first);
  assert.equal(keyOf({ 'acme-id': REDACTED }, standard), undefined);
  assert.equal(keyOf({ 'acme-id': 'm1' }, presetScheme('github')), undefined);
});

describe('filters of a source', () => {
  test('are asked of each fact, in the words of the API', () => {
    const passing = filters(
      { field: '$.tag', operator: 'matches', value: '^v' },
      { field: '$.kind', operator: 'equals', value: 'image.push' },
      { field: '$.registry', operator: 'equals', value: 'r.example.com' },
      { field: 'repository', operator: 'starts_with', value: 'acme/' },
    );
    const { acted, reason } = conclude(native('v1'), passing);
    assert.deepEqual([acted.length, reason], [1, 'No matching component']);
  });

  test('that say no name their rule, and nothing of the payload', () => {
    const { outcome, reason, facts, acted } = conclude(
      native('main'),
      filters(
        { field: '$.repository', operator: 'equals', value: 'acme/api' },
        { field: '$.tag', operator: 'matches', value: '^v' },
      ),
    );
    assert.deepEqual([outcome, facts.length, acted.length], ['ignored', 1, 0]);
    assert.equal(reason, 'Filter 1 ($.tag matches) says no.');
  });

  test('let those facts of a message through that pass', () => {
    const { facts, acted, reason } = conclude(harbor(), filters({ field: '$.tag', operator: 'exists', value: true }));
    const tagged = facts.filter(({ fact }) => 'tag' in fact && fact.tag !== null);
    // A fact says that it has no tag; it is there, as null.
    assert.deepEqual([facts.length, acted.length, tagged.length], [2, 2, 1]);
    assert.equal(reason, 'No matching component');
    const some = conclude(harbor(), filters({ field: '$.tag', operator: 'not_equals', value: null }));
    assert.deepEqual(some.acted, tagged);
    assert.equal(some.reason, 'No matching component. Filter 0 ($.tag not_equals) says no to 1 of 2 facts.');
    const none = conclude(harbor(), filters({ field: '$.tag', operator: 'equals', value: 'x' }));
    assert.equal(none.reason, 'Filter 0 ($.tag equals) says no to 2 of 2 facts.');
  });

  test('reach the raw payload below $.body', () => {
    const asked = (value: string) =>
      conclude(harbor(), filters({ field: '$.body.operator', operator: 'equals', value }));
    const operator = `${sample('harbor-push').operator}`;
    assert.equal(asked(operator).acted.length, 2);
    assert.equal(asked(`${operator}x`).acted.length, 0);
    const everywhere = filters({ field: '$.body[*]', operator: 'equals', value: operator });
    assert.equal(conclude(harbor(), everywhere).acted.length, 2);
  });

  test('that looked at as much as they may say so', () => {
    const body = Array(10_001).fill('x');
    const { reading } = harbor();
    const { reason } = conclude(
      { reading, payload: body },
      filters({ field: '$.*[*]', operator: 'equals', value: 'y' }),
    );
    assert.equal(reason, 'Filter 0 ($.*[*] equals) says no to 2 of 2 facts; it looked at as much as a filter may.');
  });

  test('are not asked about a connection test', () => {
    const ping = { kind: 'facts', facts: [{ fact: { kind: 'ping', repository: null }, provenance: {} }] } as const;
    const no = filters({ field: '$.kind', operator: 'equals', value: 'image.push' });
    assert.equal(conclude({ reading: ping, payload: {} }, no).outcome, 'handshake');
  });
});

describe('what cannot be acted on', () => {
  test('is ignored with the reason of its reader, and where it found fault', () => {
    const { reading, payload } = understand({ ...message(0), body: json([]) }, config('native'), sha256);
    assert.match(conclude({ reading, payload }, filters()).reason, /^unreadable: [^/]*$/);
    const nameless = understand({ ...message(0), body: json({ push_data: {} }) }, config('dockerhub'), sha256);
    assert.match(conclude(nameless, filters()).reason, /^unreadable: .* See \/repository\/repo_name\.$/);
    const ignored = { kind: 'ignored', reason: 'A scan.' } as const;
    assert.equal(conclude({ reading: ignored, payload }, filters()).reason, 'A scan.');
  });

  test('because it came through us too often is told before anything is read', () => {
    const { reading } = understand(message({}, { 'hookyard-hops': '8' }), config('native'), sha256);
    assert.ok(reading.kind === 'ignored' && /circle/.test(reading.reason));
  });
});

describe('a repeat', () => {
  test('is told by the rule of the sender, also where the payload alone says who that is', () => {
    const event = message({ ...sample('harbor-push-cloudevents') });
    const told = understand(event, config('registry-push'), sha256).dedupe?.key;
    assert.match(told ?? '', /^cloudevent:/);
    assert.equal(understand(event, config('harbor'), sha256).dedupe?.key, told);
  });

  test('of what cannot be read is none, whatever id it has: corrected, it comes under the same one', () => {
    const ids = { 'idempotency-key': 'k', 'x-github-delivery': 'k', 'x-nexus-webhook-delivery': 'k' };
    for (const type of ['native', 'ghcr', 'gitlab', 'nexus', 'gar', 'acr', 'distribution', 'zot', 'generic'] as const) {
      const told = understand({ ...message(0, ids), body: json('{') }, config(type), sha256);
      assert.deepEqual([told.reading.kind, told.dedupe], ['unreadable', null], type);
    }
    assert.notEqual(understand(message({ image: 'r.example.com/a:1' }, ids), config('native'), sha256).dedupe, null);
  });
});

test('what could not be read beside what could is told by its number, and by what is wrong with the first of it', () => {
  const events = [{ specversion: '1.0', type: 'zotregistry.image.updated', data: { name: 'a/b', reference: 'v1' } }, 7];
  const { reading, payload } = understand(message(events), config('cloudevents'), sha256);
  const reasonFor = (...rules: FilterRule[]) => conclude({ reading, payload }, filters(...rules)).reason;
  const told =
    '1 more that it names could not be read. The first: No CloudEvent: there is no specversion in headers or body. See /1/specversion.';
  assert.equal(reasonFor(), `No matching component. ${told}`);
  const refused = reasonFor({ field: '$.tag', operator: 'equals', value: 'x' });
  assert.equal(refused, `Filter 0 ($.tag equals) says no. ${told}`);
});

test('a connection test is concluded with what it says of itself', () => {
  const handshake = { kind: 'handshake', reason: 'A test.', facts: [], echo: null } as const;
  const { outcome, reason } = conclude({ reading: handshake, payload: {} }, filters());
  assert.deepEqual([outcome, reason], ['handshake', 'A test.']);
});
