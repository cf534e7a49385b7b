import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HookEvent } from './event.ts';
import { compileSaved } from './filter.ts';
import { lookBack, type PastCandidate } from './hindsight.ts';
import { filterDocument } from './match.ts';

const AT_MS = 1_000_000;
const event: HookEvent = {
  id: '01994a3c-7b20-7abc-8def-000000000001',
  tenant: '01994a3c-7b20-7abc-8def-0000000000aa',
  type: 'build.finished',
  owner: null,
  externalId: null,
  orderingKey: null,
  tags: [],
  headers: {},
  occurredAtMs: AT_MS,
  acceptedAtMs: AT_MS,
  source: { kind: 'api', id: null },
  data: new Uint8Array(0),
};
const document = filterDocument(event, {});

function candidate(changes: Partial<PastCandidate> = {}): PastCandidate {
  const id = '01994a3c-7b20-7abc-8def-000000000002';
  const config = { events: ['other.*'], owner: null };
  const times = { createdAtMs: AT_MS - 10, updatedAtMs: AT_MS - 5 };
  return { id, state: { kind: 'active' }, config, filters: compileSaved([]), ...times, ...changes };
}

function lookedBack(changes: Partial<PastCandidate> = {}, then: Partial<Parameters<typeof lookBack>[3]> = {}): string {
  const known = { isTarget: false, isUnchanged: false, ...then };
  const { asOf, decision } = lookBack(candidate(changes), event, document, known);
  return `${decision.kind} ${asOf}`;
}

describe('why a stored event went to a subscription or not', () => {
  test('is known of those it went to, whatever they say today', () => {
    assert.equal(lookedBack({ updatedAtMs: AT_MS + 5, state: DISABLED }, { isTarget: true }), 'wanted acceptance');
  });

  test('is decided again, which is what was decided where nothing has changed since', () => {
    assert.equal(lookedBack(), 'type acceptance');
    assert.equal(lookedBack({ updatedAtMs: AT_MS }), 'type now');
    assert.equal(lookedBack({ updatedAtMs: AT_MS + 5 }), 'type now');
    assert.equal(lookedBack({ updatedAtMs: AT_MS }, { isUnchanged: true }), 'type acceptance');
  });

  test('is nothing of then, where the subscription wants today what it did not get', () => {
    const config = { events: [], owner: null };
    assert.equal(lookedBack({ config }), 'wanted now');
    assert.equal(lookedBack({ config: null }), 'secret_unavailable now');
  });

  test('is that the subscription came later', () => {
    assert.equal(lookedBack({ createdAtMs: AT_MS + 1, updatedAtMs: AT_MS + 1 }), 'made_later acceptance');
    assert.equal(lookedBack({ createdAtMs: AT_MS, updatedAtMs: AT_MS }), 'type now');
  });

  test('is that it was a sample, which goes to one subscription alone', () => {
    const sample: HookEvent = { ...event, source: { kind: 'system', id: null } };
    const then = { isTarget: false, isUnchanged: true };
    const { asOf, decision } = lookBack(candidate(), sample, document, then);
    assert.deepEqual([decision.kind, asOf], ['sample', 'acceptance']);
  });
});

const DISABLED = { kind: 'disabled', sinceMs: AT_MS, reason: 'user' } as const;
