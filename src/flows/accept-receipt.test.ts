import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf, subscribe } from '../../test/support/flows.ts';
import { door, json, receipts, receive, SOURCE_SECRET, signature, stored, typed } from '../../test/support/inbound.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { REJECTED_BODY_BYTES } from '../core/receipt.ts';
import { acceptReceipt } from './accept-receipt.ts';
import { changeSource } from './change-source.ts';
import type { LiveSource } from './configuration.ts';
import { deleteSource } from './delete-source.ts';
import { judgeReceipt } from './judge-receipt.ts';
import { pauseSource } from './pause-source.ts';
import type { InboundRequest } from './receive/door.ts';

const tenant = DEFAULT_TENANT;
const BY = '01900000-0000-7000-8000-0000000000aa';
const THEIRS = 'what the sender really has';

/** A source whose secret is not the one that its sender has, and a request of that sender. */
async function mismatched(ports: FakePorts, changes: Partial<InboundRequest> = {}) {
  const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
  const id = await rejected(ports, source, changes);
  return { source, id };
}

async function rejected(ports: FakePorts, source: LiveSource, changes: Partial<InboundRequest> = {}): Promise<Id> {
  const { body } = typed(source, changes);
  ports.clock.advance(1);
  const request = typed(source, { headers: [signature(body, THEIRS)], ...changes });
  assert.deepEqual(await receive(ports, request), { kind: 'refused' });
  const [kept] = await receipts(ports);
  return kept?.receipt.id ?? '';
}

const correct = (ports: FakePorts, { id }: LiveSource) =>
  changeSource(ports, { tenant, id, patch: { secret: THEIRS }, ifVersion: null });

async function judged(ports: FakePorts, id: Id) {
  const kept = await ports.store.receipt(tenant, id);
  const source = (await ports.configuration.refresh(tenant)).sources.get(kept?.receipt.sourceId ?? '');
  assert.ok(kept && source?.config);
  return judgeReceipt(ports, kept.receipt, { ...source, config: source.config });
}

describe('a rejected request', () => {
  test('is accepted once the source has the right secret, and worked through as if it had come now', async () => {
    const ports = fakePorts();
    await subscribe(ports, { events: ['image.pushed'] });
    const { source, id } = await mismatched(ports);
    await correct(ports, source);
    const outcome = await acceptReceipt(ports, { tenant, id, by: BY, force: false });
    assert.ok(outcome.kind === 'accepted', JSON.stringify(outcome));
    const { receipt, eventIds, facts } = outcome.stored;
    assert.deepEqual([receipt.outcome, receipt.reason, receipt.revision], ['ignored', 'No matching component', 1]);
    assert.deepEqual([eventIds.length, facts.length], [1, 1]);
    assert.equal(receipt.verdict.ok, true);
    assert.equal(receipt.verdict.reason, `accepted by key ${BY}; refused at first: mismatch (hmac-sha256)`);
    assert.equal(ports.offered.at(-1)?.tickets.length, 1);
    assert.ok(ports.logged.includes('receipt.accepted'));
    problemOf(await acceptReceipt(ports, { tenant, id, by: BY, force: true }), 'receipt_not_rejected');
  });

  test('that proves nothing still is refused with its diagnosis, and stays as it is', async () => {
    const ports = fakePorts();
    const { id } = await mismatched(ports);
    const refused = problemOf(await acceptReceipt(ports, { tenant, id, by: BY, force: false }), 'receipt_unproved');
    assert.equal(refused.detail, (await judged(ports, id)).diagnosis?.message);
    assert.equal((await ports.store.receipt(tenant, id))?.receipt.outcome, 'rejected');
    assert.equal(ports.logged.includes('receipt.accepted'), false);
  });

  test('says for ever how it was refused, also when its source asks for no proof any more', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports);
    const patch = { scheme: { type: 'none' as const } };
    await changeSource(ports, { tenant, id: source.id, patch, ifVersion: null });
    const outcome = await acceptReceipt(ports, { tenant, id, by: BY, force: false });
    assert.ok(outcome.kind === 'accepted', JSON.stringify(outcome));
    assert.deepEqual(outcome.stored.receipt.verdict, {
      ok: true,
      scheme: 'none',
      reason: `accepted by key ${BY}; refused at first: mismatch (hmac-sha256)`,
    });
  });

  test('can be forced, and says for ever that it proved nothing and who insisted', async () => {
    const ports = fakePorts();
    const { id } = await mismatched(ports);
    const outcome = await acceptReceipt(ports, { tenant, id, by: BY, force: true });
    assert.ok(outcome.kind === 'accepted');
    const { verdict } = outcome.stored.receipt;
    const refused = 'refused at first: mismatch (hmac-sha256)';
    assert.deepEqual([verdict.ok, verdict.reason], [false, `mismatch; accepted all the same by key ${BY}; ${refused}`]);
    assert.equal(outcome.stored.eventIds.length, 1);
  });

  test('takes its key: what was accepted before is repeated by it, and what comes later repeats it', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
    const { body } = typed(source);
    const keyed = { headers: [signature(body, THEIRS), ['Idempotency-Key', 'k'] as [string, string]] };
    const one = await rejected(ports, source, keyed);
    const two = await rejected(ports, source, keyed);
    await correct(ports, source);
    const first = await acceptReceipt(ports, { tenant, id: one, by: BY, force: false });
    const second = await acceptReceipt(ports, { tenant, id: two, by: BY, force: false });
    assert.ok(first.kind === 'accepted' && second.kind === 'accepted');
    assert.deepEqual([second.stored.receipt.outcome, second.stored.receipt.duplicateOf], ['duplicate', one]);
    assert.equal(stored(await receive(ports, typed(source, keyed))).action, 'duplicate');
    assert.equal((await ports.store.events({ tenant, limit: 9 })).length, 1);
  });

  describe('that its sender repeated, and is accepted when the key of the repeat is over', () => {
    const HUB = { type: 'dockerhub', scheme: { type: 'hmac-sha256' }, secret: SOURCE_SECRET };
    const push = (tag: string) =>
      json({ push_data: { tag, pusher: 'p', pushed_at: 1_767_000_000 }, repository: { repo_name: 'org/app' } });

    /** Rejected, then corrected, then sent again as `repeat` after `gapMs`, then accepted an hour later. */
    async function acceptedLate(repeat: Uint8Array, gapMs: number) {
      const ports = fakePorts();
      const source = await door(ports, HUB);
      const id = await rejected(ports, source, { body: push('1'), headers: [signature(push('1'), THEIRS)] });
      await correct(ports, source);
      ports.clock.advance(gapMs);
      const again = typed(source, { body: repeat, headers: [signature(repeat, THEIRS)] });
      const { receiptId } = stored(await receive(ports, again));
      ports.clock.advance(3_600_000);
      const outcome = await acceptReceipt(ports, { tenant, id, by: BY, force: false });
      assert.ok(outcome.kind === 'accepted', JSON.stringify(outcome));
      const { receipt, eventIds } = outcome.stored;
      return {
        receipt,
        made: eventIds.length,
        receiptId,
        events: (await ports.store.events({ tenant, limit: 9 })).length,
      };
    }

    test('makes nothing a second time, and says of which receipt', async () => {
      const { receipt, made, receiptId, events } = await acceptedLate(push('1'), 60_000);
      assert.deepEqual([receipt.outcome, receipt.reason], ['ignored', `Repeats receipt ${receiptId}.`]);
      assert.deepEqual([made, events], [0, 1]);
    });

    test('is worked through where what came around it says something else, or came later than the key lasts', async () => {
      assert.deepEqual((await acceptedLate(push('2'), 60_000)).made, 1);
      const { made, events } = await acceptedLate(push('1'), 600_001);
      assert.deepEqual([made, events], [1, 2]);
    });
  });

  test('is held where its source is paused, as it would be if it came now', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports);
    await correct(ports, source);
    await pauseSource(ports, { tenant, id: source.id, paused: true });
    const outcome = await acceptReceipt(ports, { tenant, id, by: BY, force: false });
    assert.ok(outcome.kind === 'accepted');
    assert.deepEqual([outcome.stored.receipt.outcome, outcome.stored.eventIds], ['held', []]);
  });

  test('of which only a part was kept cannot be accepted, not even by force', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports, { body: new Uint8Array(REJECTED_BODY_BYTES) });
    await correct(ports, source);
    problemOf(await acceptReceipt(ports, { tenant, id, by: BY, force: true }), 'receipt_in_part');
  });

  test('needs its source, and is nobody else’s', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports);
    problemOf(await acceptReceipt(ports, { tenant: source.id, id, by: BY, force: true }), 'not_found');
    await deleteSource(ports, { tenant, id: source.id });
    problemOf(await acceptReceipt(ports, { tenant, id, by: BY, force: true }), 'source_gone');
  });
});

describe('judging a rejected request again', () => {
  test('says that it is proved by what the source is now', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports);
    await correct(ports, source);
    const { verdict, diagnosis } = await judged(ports, id);
    assert.deepEqual([verdict.ok, diagnosis?.code], [true, 'proved_now']);
  });

  test('names the mistake: a header that is not there, a secret that has ended', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
    const bare = await rejected(ports, source, { headers: [] });
    assert.equal((await judged(ports, bare)).diagnosis?.code, 'missing_header');
    const { body } = typed(source);
    const id = await rejected(ports, source, { headers: [['X-Hub-Signature-256', signature(body)[1].slice(7)]] });
    assert.equal((await judged(ports, id)).diagnosis?.code, 'prefix_missing');
  });

  test('counts the allow-list as the door does', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports);
    await correct(ports, source);
    const patch = { ipAllowList: ['198.51.100.0/24'] };
    await changeSource(ports, { tenant, id: source.id, patch, ifVersion: null });
    const { verdict, diagnosis } = await judged(ports, id);
    assert.deepEqual([verdict.ok, verdict.reason], [false, 'address_not_allowed']);
    assert.match(diagnosis?.message ?? '', /203\.0\.113\.50/);
    problemOf(await acceptReceipt(ports, { tenant, id, by: BY, force: false }), 'receipt_unproved');
  });

  test('is told about its address first, whatever it proves: signing alone would not let it in', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports);
    const unknown = await rejected(ports, source, { remoteAddress: null });
    await changeSource(ports, { tenant, id: source.id, patch: { ipAllowList: ['198.51.100.0/24'] }, ifVersion: null });
    const { verdict, diagnosis } = await judged(ports, id);
    assert.deepEqual([verdict.reason, diagnosis?.code], ['address_not_allowed', 'address_not_allowed']);
    const nowhere = await judged(ports, unknown);
    assert.deepEqual([nowhere.verdict.reason, nowhere.diagnosis?.code], ['address_not_allowed', 'address_unknown']);
    assert.doesNotMatch(nowhere.diagnosis?.remedy ?? '', /add the address/i);
  });

  test('judges timestamps by when it came', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, scheme: { type: 'slack' } });
    const { createHmac } = await import('node:crypto');
    const { body } = typed(source);
    ports.clock.advance(1);
    const at = `${Math.floor(ports.clock.nowMs() / 1000)}`;
    const mac = createHmac('sha256', THEIRS).update(`v0:${at}:`).update(body).digest('hex');
    const headers: [string, string][] = [
      ['X-Slack-Request-Timestamp', at],
      ['X-Slack-Signature', `v0=${mac}`],
    ];
    const id = await rejected(ports, source, { headers });
    await correct(ports, source);
    ports.clock.advance(86_400_000);
    assert.equal((await judged(ports, id)).verdict.ok, true);
  });

  test('says so where the beginning of the body is not enough', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports, { body: json('x'.repeat(REJECTED_BODY_BYTES)) });
    await correct(ports, source);
    const { verdict, diagnosis } = await judged(ports, id);
    assert.deepEqual([verdict.ok, diagnosis?.code], [false, 'kept_in_part']);
  });

  test('can be tried with the scheme that the diagnosis proposes: what it reads was kept', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
    const id = await rejected(ports, source, { headers: [['X-Gitlab-Token', SOURCE_SECRET]] });
    assert.equal((await judged(ports, id)).diagnosis?.code, 'other_header');
    const patch = { scheme: { type: 'token', header: 'X-Gitlab-Token' }, secret: SOURCE_SECRET };
    await changeSource(ports, { tenant, id: source.id, patch, ifVersion: null });
    const { verdict, diagnosis } = await judged(ports, id);
    assert.deepEqual([verdict.ok, diagnosis?.code], [true, 'proved_now']);
  });

  test('says so where the source reads now what was not kept', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports, { headers: [['X-Own', 'Bearer x']] });
    const patch = { scheme: { type: 'token', header: 'X-Own' }, secret: THEIRS };
    await changeSource(ports, { tenant, id: source.id, patch, ifVersion: null });
    assert.equal((await judged(ports, id)).diagnosis?.code, 'proof_not_kept');
  });

  test('says so where the secret cannot be read', async () => {
    const ports = fakePorts();
    const { source, id } = await mismatched(ports);
    await changeSource(ports, {
      tenant,
      id: source.id,
      patch: { secretRef: 'env:HOOKYARD_SECRET_X' },
      ifVersion: null,
    });
    const { diagnosis } = await judged(ports, id);
    assert.deepEqual(
      [diagnosis?.code, diagnosis?.message],
      ['secret_unavailable', 'The secret that the source refers to cannot be read: nothing is there.'],
    );
  });
});
