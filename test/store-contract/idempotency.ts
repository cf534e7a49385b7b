import assert from 'node:assert/strict';
import type { IdempotencyClaim } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aClaim,
  aDelivery,
  anEvent,
  bytes,
  claimed,
  idsOf,
  OTHER_TENANT,
  sha256,
  subscribed,
  TENANT,
  text,
} from './samples.ts';

const HOUR_MS = 3_600_000;

function appending(claims: readonly IdempotencyClaim[], tenant = TENANT) {
  return { event: anEvent({ tenant }), deliveries: [], configVersion: 0, claims };
}

/** A3: callers' keys. */
export function idempotency(sentence: Sentence): void {
  repetitions(sentence);
  scopes(sentence);
  answers(sentence);
  lifetime(sentence);
}

function repetitions(sentence: Sentence): void {
  sentence('A3 a key used again with the same body repeats the first answer and writes nothing', async (under) => {
    await under.store.append(appending([aClaim('k', { answer: bytes('one') })]));
    const again = appending([aClaim('k', { answer: bytes('two') })]);
    const outcome = await under.store.append(again);
    assert.equal(outcome.kind === 'repeated' && text(outcome.answer), 'one');
    assert.equal(await under.store.event(TENANT, again.event.id), null);
  });

  sentence('A3 another body under the key is refused, naming the scope', async (under) => {
    await under.store.append(appending([aClaim('k')]));
    const other = appending([aClaim('k', { bodyHash: sha256('other body') })]);
    assert.deepEqual(await under.store.append(other), { kind: 'mismatch', scope: 'POST /events' });
    assert.equal(await under.store.event(TENANT, other.event.id), null);
  });

  sentence('A3 the event and its keys are committed together', async (under) => {
    await under.store.append(appending([aClaim('taken')]));
    const refused = appending([aClaim('fresh', { scope: 'external' }), aClaim('taken')]);
    assert.equal((await under.store.append(refused)).kind, 'repeated');
    assert.equal(await under.store.recall(TENANT, 'external', 'fresh'), null);
  });

  sentence('A3 of two appends under one key at once, one is stored', async (under) => {
    const hook = await subscribed(under.store);
    const requests = [anEvent(), anEvent()].map((event) => ({
      event,
      deliveries: [aDelivery(event, hook)],
      configVersion: 1,
      claims: [aClaim('k')],
    }));
    const outcomes = await Promise.all(requests.map((request) => under.store.append(request)));
    assert.deepEqual(outcomes.map((outcome) => outcome.kind).sort(), ['appended', 'repeated']);
    assert.equal(idsOf(await claimed(under.store)).length, 1);
  });

  sentence('A3 a repetition is recognised before its configuration is found stale', async (under) => {
    await under.store.append(appending([aClaim('k')]));
    await subscribed(under.store);
    assert.equal((await under.store.append(appending([aClaim('k')]))).kind, 'repeated');
  });

  sentence('A3 a key is still taken after a crash', async (under) => {
    await under.store.append(appending([aClaim('k')]));
    await under.crash();
    assert.equal((await under.store.append(appending([aClaim('k')]))).kind, 'repeated');
  });
}

function scopes(sentence: Sentence): void {
  sentence('A3 a key belongs to its tenant and its scope', async (under) => {
    await under.store.append(appending([aClaim('k')]));
    const elsewhere = await under.store.append(appending([aClaim('k')], OTHER_TENANT));
    const otherRoute = await under.store.append(appending([aClaim('k', { scope: 'POST /other' })]));
    assert.deepEqual([elsewhere.kind, otherRoute.kind], ['appended', 'appended']);
  });

  sentence('A3 a change of configuration can carry a key', async (under) => {
    const change = { kind: 'put_source', id: TENANT, config: bytes('c'), createdBy: null } as const;
    const request = {
      tenant: TENANT,
      change: { ...change, enabled: true, urlKeyHash: null, version: null },
      claims: [aClaim('k', { scope: 'POST /sources', answer: bytes('made') })],
    };
    assert.equal((await under.store.configure(request)).kind, 'changed');
    const again = await under.store.configure(request);
    assert.equal(again.kind === 'repeated' && text(again.answer), 'made');
    assert.equal(await under.store.configVersion(TENANT), 1);
    const other = { ...request, claims: [aClaim('k', { scope: 'POST /sources', bodyHash: sha256('x') })] };
    assert.deepEqual(await under.store.configure(other), { kind: 'mismatch', scope: 'POST /sources' });
  });
}

function answers(sentence: Sentence): void {
  sentence('A3 the answer kept with an append can be recalled', async (under) => {
    await under.store.append(appending([aClaim('k', { answer: bytes('sealed') })]));
    const recalled = await under.store.recall(TENANT, 'POST /events', 'k');
    assert.deepEqual([text(recalled?.answer), recalled?.bodyHash], ['sealed', sha256('body')]);
    assert.equal(await under.store.recall(OTHER_TENANT, 'POST /events', 'k'), null);
  });

  sentence('A3 of answers remembered under one key the first stays', async (under) => {
    await under.store.remember(TENANT, aClaim('k', { answer: bytes('one') }));
    await under.store.remember(TENANT, aClaim('k', { answer: bytes('two') }));
    assert.equal(text((await under.store.recall(TENANT, 'POST /events', 'k'))?.answer), 'one');
    assert.equal((await under.store.append(appending([aClaim('k')]))).kind, 'repeated');
  });
}

function lifetime(sentence: Sentence): void {
  sentence('A3 a key is kept for at least a day, housekeeping or not', async (under) => {
    await under.store.append(appending([aClaim('k')]));
    await under.advance(24 * HOUR_MS);
    await under.store.maintain();
    assert.equal((await under.store.append(appending([aClaim('k')]))).kind, 'repeated');
  });

  sentence('A3 housekeeping frees a key after two days', async (under) => {
    await under.store.append(appending([aClaim('k')]));
    await under.advance(48 * HOUR_MS + 1);
    await under.store.maintain();
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'k'), null);
    assert.equal((await under.store.append(appending([aClaim('k')]))).kind, 'appended');
  });
}
