import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MADE, revising } from '../../../test/store-contract/revisions.ts';
import {
  aClaim,
  aDelivery,
  anEvent,
  aReceipt,
  newId,
  parking,
  recording,
  retrying,
  succeeding,
  TENANT,
} from '../../../test/store-contract/samples.ts';
import { temporaryStore } from '../../../test/support/sqlite.ts';
import { MAX_DIRECT_TARGETS } from '../../core/event.ts';
import type { ReceiptRevision, Settlement, Ticket } from '../../ports/store.ts';
import { append } from './append.ts';
import { appendAll, packBatch } from './append-all.ts';
import { openDatabase } from './database.ts';
import { install } from './install.ts';
import { packAppend, packSettlement } from './packets.ts';
import { openTicket } from './placing.ts';
import { packReceipt, recordReceipt } from './receipts.ts';
import { repeat } from './repeat.ts';
import { packRevision, type RevisionAnswer, reviseReceipt } from './revise.ts';
import { settle } from './settle.ts';
import { nothingKnown, type Writer } from './turn.ts';

/** The writer's operations without its thread: what an answer that got lost looks like to the next thread. */
function withWriter(prove: (writer: Writer) => void): Promise<void> {
  return temporaryStore(async ({ directory }) => {
    const path = `${directory}/hookyard.db`;
    install(path, 1);
    const db = openDatabase(path, 'writing');
    prove({ db, nowMs: 1_000, shards: 1, repeated: false, known: nothingKnown() });
    db.close();
  });
}

/** The same writer's successor, a second later. */
function successor(writer: Writer): Writer {
  return { ...writer, nowMs: writer.nowMs + 1_000, repeated: true, known: nothingKnown() };
}

function opened(writer: Writer): Ticket {
  const event = anEvent();
  const delivery = aDelivery(event, newId());
  append(writer, packAppend({ event, deliveries: [delivery] }, 0, []));
  const ticket = openTicket(writer, delivery.deliveryId);
  assert.ok(ticket);
  return ticket;
}

function kindOf(answer: RevisionAnswer): string {
  return 'kind' in answer ? answer.kind : 'revised';
}

function settling(writer: Writer, settlement: Settlement) {
  return settle(writer, { settlements: [packSettlement(settlement)], health: [] })[0];
}

test('an append that was committed before its answer got lost hands over what it made', () =>
  withWriter((writer) => {
    const event = anEvent();
    const deliveries = [aDelivery(event, newId()), aDelivery(event, newId(), { hold: { reason: 'paused', key: '' } })];
    const packet = packAppend({ event, deliveries }, 0, []);
    append(writer, packet);
    const tickets = deliveries.map(({ deliveryId }) => openTicket(writer, deliveryId));
    assert.deepEqual(append(successor(writer), packet), { kind: 'appended', tickets });
    assert.deepEqual(append(writer, packet), { kind: 'duplicate' });
  }));

test('an append of a fan-out that was committed before its answer got lost leaves its deliveries to the task', () =>
  withWriter((writer) => {
    const event = anEvent();
    const deliveries = Array.from({ length: MAX_DIRECT_TARGETS + 1 }, () => aDelivery(event, newId()));
    const packet = packAppend({ event, deliveries }, 0, []);
    assert.deepEqual(append(writer, packet), []);
    assert.deepEqual(append(successor(writer), packet), { kind: 'appended', tickets: [] });
    assert.deepEqual(append(writer, packet), { kind: 'duplicate' });
  }));

test('a batch that was committed before its answer got lost hands over what it made of each event', () =>
  withWriter((writer) => {
    const made = [anEvent(), anEvent()].map((event) => ({
      event,
      deliveries: [aDelivery(event, newId())],
      claims: [aClaim(event.id)],
    }));
    const packet = packBatch({ tenant: TENANT, appends: made, configVersion: 0, claims: [aClaim('k')] });
    appendAll(writer, packet);
    const tickets = made.map(({ deliveries }) => deliveries.map(({ deliveryId }) => openTicket(writer, deliveryId)));
    assert.deepEqual(appendAll(successor(writer), packet), { kind: 'appended', tickets });
    assert.deepEqual(appendAll(writer, packet), { kind: 'duplicate' });
  }));

test('a receipt that was committed before its answer got lost is recorded once', () =>
  withWriter((writer) => {
    const packet = packReceipt(
      recording(aReceipt(newId()), { dedupe: { key: 'k', windowMs: null, redeliveryAfterMs: null } }),
    );
    assert.deepEqual(recordReceipt(writer, packet), [null, []]);
    const outcome = recordReceipt(successor(writer), packet);
    assert.deepEqual(outcome, { kind: 'recorded', handovers: [], redeliveryOf: null });
  }));

test('a revision that was committed before its answer got lost is made once', () =>
  withWriter((writer) => {
    const receipt = aReceipt(newId());
    recordReceipt(writer, packReceipt(recording(receipt)));
    const events = [{ event: anEvent(), deliveries: [] }];
    const packet = packRevision(revising(receipt, { events, claims: [aClaim('k')] }));
    assert.deepEqual(reviseReceipt(writer, packet), [[]]);
    assert.deepEqual(reviseReceipt(successor(writer), packet), MADE);
    assert.equal(kindOf(reviseReceipt(writer, packet)), 'repeated');
  }));

test('a revision that another one had won stays a conflict when it is repeated', () =>
  withWriter((writer) => {
    const receipt = aReceipt(newId());
    recordReceipt(writer, packReceipt(recording(receipt)));
    const revisionOf = (more: Partial<ReceiptRevision>) => packRevision(revising(receipt, more));
    const withEvent = () => revisionOf({ events: [{ event: anEvent(), deliveries: [] }] });
    reviseReceipt(writer, withEvent());
    for (const lost of [withEvent(), revisionOf({ outcome: 'ignored' })]) {
      assert.deepEqual(reviseReceipt(successor(writer), lost), { kind: 'conflict', revision: 1 });
    }
  }));

test('a revision that was committed as a duplicate before its answer got lost is that duplicate', () =>
  withWriter((writer) => {
    const dedupe = { key: 'k', windowMs: null, redeliveryAfterMs: null };
    const [holder, late] = [aReceipt(newId()), aReceipt(newId())];
    const body = Uint8Array.of(1);
    recordReceipt(writer, packReceipt(recording(holder, { dedupe })));
    recordReceipt(writer, packReceipt(recording({ ...late, sourceId: holder.sourceId, body })));
    const packet = packRevision(revising(late, { dedupe }));
    const outcome = { kind: 'duplicate', of: holder.id, bodyDiffers: true };
    assert.deepEqual(reviseReceipt(writer, packet), outcome);
    assert.deepEqual(reviseReceipt(successor(writer), packet), outcome);
    assert.deepEqual(reviseReceipt(writer, packet), { kind: 'conflict', revision: 1 });
  }));

test('a settle that was committed before its answer got lost is won with the same outcome', () =>
  withWriter((writer) => {
    const hold = { reason: 'circuit', key: 'k' } as const;
    const settlements = [
      succeeding,
      (ticket: Ticket) => retrying(ticket, 500),
      (ticket: Ticket) => parking(ticket, hold),
    ];
    for (const settlementOf of settlements) {
      const settlement = settlementOf(opened(writer));
      const outcome = settling(writer, settlement);
      assert.notEqual(outcome, 0);
      assert.deepEqual(settling(successor(writer), settlement), outcome);
    }
  }));

test('a settle that another one had won stays lost when it is repeated', () =>
  withWriter((writer) => {
    const ticket = opened(writer);
    const { attempt, next } = retrying(ticket, 0);
    assert.ok(attempt);
    settling(writer, { ticket, attempt, next });
    const other = { ticket, attempt: { ...attempt, atMs: attempt.atMs + 1 }, next };
    assert.equal(settling(successor(writer), other), 0);
    const closing = succeeding(opened(writer));
    settling(writer, closing);
    assert.equal(settling(successor(writer), parking(closing.ticket, { reason: 'full', key: '' })), 0);
  }));

test('leases, intents and reads are not repeated', () => {
  assert.equal(repeat(['lease', null, false]), null);
  assert.equal(repeat(['intend', null, false]), null);
  assert.equal(repeat(['claim', null, false]), null);
  assert.deepEqual(repeat(['append', 'input', false]), ['append', 'input', true]);
});
