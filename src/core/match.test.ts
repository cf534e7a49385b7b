import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HookEvent } from './event.ts';
import { compileFilters, type FilterRule } from './filter.ts';
import { type Candidate, decide, filterDocument } from './match.ts';

const SUBSCRIPTION = '01994a3c-7b20-7abc-8def-0123456789ac';
const data = { environment: { name: 'production' } };
const event: HookEvent = {
  id: '01994a3c-7b20-7abc-8def-0123456789ab',
  tenant: '01900000-0000-7000-8000-000000000001',
  type: 'deployment.completed',
  owner: 'org:7/repo:42',
  externalId: null,
  orderingKey: null,
  tags: [],
  headers: {},
  occurredAtMs: 0,
  acceptedAtMs: Date.UTC(2026, 0, 9, 10, 30),
  source: { kind: 'api', id: null },
  data: new TextEncoder().encode(JSON.stringify(data)),
};

function candidate(changes: { filters?: FilterRule[]; events?: string[]; owner?: string | null } = {}): Candidate {
  const compiled = compileFilters(changes.filters ?? []);
  if (compiled.kind === 'refused') throw new Error('a rule of the test is wrong');
  const config = { events: changes.events ?? [], owner: changes.owner ?? null };
  return { id: SUBSCRIPTION, state: { kind: 'active' }, config, filters: compiled.filters };
}

const decided = (of: Candidate) => decide(of, event, filterDocument(event, data));
const inProduction: FilterRule = { field: 'data.environment.name', operator: 'equals', value: 'production' };

describe('a subscription', () => {
  test('that asks for everything wants the event', () => {
    assert.deepEqual(decided(candidate()), { kind: 'wanted' });
  });

  test('wants it when type, owner and filters all agree', () => {
    const picky = candidate({ events: ['deployment.*'], owner: 'org:7', filters: [inProduction] });
    assert.deepEqual(decided(picky), { kind: 'wanted' });
  });

  test('never gets an event about itself, which one about another it does', () => {
    const about = (kind: HookEvent['source']['kind'], id: string) => ({ ...event, source: { kind, id } });
    const decidedOn = (one: HookEvent) => decide(candidate(), one, filterDocument(one, data));
    assert.deepEqual(decidedOn(about('system', SUBSCRIPTION)), { kind: 'itself' });
    assert.deepEqual(decidedOn(about('system', event.id)), { kind: 'wanted' });
    assert.deepEqual(decidedOn(about('receipt', SUBSCRIPTION)), { kind: 'wanted' });
  });

  test('that is paused still wants it', () => {
    assert.deepEqual(decided({ ...candidate(), state: { kind: 'paused', sinceMs: 1 } }), { kind: 'wanted' });
  });

  test('that does not is told the first rule that says no', () => {
    const off = { kind: 'disabled', sinceMs: 1, reason: 'user' } as const;
    const staging: FilterRule = { ...inProduction, value: 'staging' };
    const unwilling = { events: ['release.created'], owner: 'org:8', filters: [staging] };
    assert.deepEqual(decided({ ...candidate(unwilling), state: off, config: null }), { kind: 'disabled' });
    assert.deepEqual(decided({ ...candidate(unwilling), config: null }), { kind: 'secret_unavailable' });
    assert.deepEqual(decided(candidate(unwilling)), { kind: 'type' });
    assert.deepEqual(decided(candidate({ ...unwilling, events: [] })), { kind: 'owner' });
  });

  test('may ask for a tag', () => {
    const tagged: HookEvent = { ...event, tags: ['eu', 'stable'] };
    const asking = (value: string) => candidate({ filters: [{ field: 'tags', operator: 'contains', value }] });
    const decidedOn = (of: Candidate, one: HookEvent) => decide(of, one, filterDocument(one, data)).kind;
    assert.deepEqual(
      [decidedOn(asking('eu'), tagged), decidedOn(asking('e'), tagged), decidedOn(asking('eu'), event)],
      ['wanted', 'filter', 'filter'],
    );
  });

  test('is told which filter failed and on what', () => {
    const rules: FilterRule[] = [
      { field: '$.event', operator: 'starts_with', value: 'deployment.' },
      { ...inProduction, operator: 'contains', value: 'stag' },
    ];
    const told = { kind: 'filter', index: 1, actual: 'production', isCut: false };
    assert.deepEqual(decided(candidate({ filters: rules })), told);
  });
});

test('filters look at the envelope of the event and at its tags', () => {
  assert.deepEqual(filterDocument({ ...event, tags: ['eu'] }, data), {
    id: event.id,
    timestamp: '2026-01-09T10:30:00.000Z',
    event: 'deployment.completed',
    tenantId: event.tenant,
    data,
    tags: ['eu'],
  });
});
