import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../../test/support/eventually.ts';
import {
  door,
  json,
  PUSH,
  receipts,
  receive,
  SOURCE_SECRET,
  secret,
  stored,
  typed,
} from '../../../test/support/inbound.ts';
import { type FakePorts, fakePorts } from '../../../test/support/ports.ts';
import { sample } from '../../../test/support/samples.ts';
import { DEFAULT_TENANT } from '../../core/ids.ts';
import { REJECTED_BODY_BYTES } from '../../core/receipt.ts';
import { acceptReceipt } from '../accept-receipt.ts';
import { createReceive } from '../receive.ts';
import { regenerateUrl } from '../regenerate-url.ts';

const NO_SUCH_DOOR = { kind: 'no_such_door' };

function rejectedOnes(ports: FakePorts, count: number) {
  return eventually(`${count} rejected`, async () => {
    const kept = await receipts(ports);
    return kept.length === count ? kept : null;
  });
}

/** What is put aside is written some time later. */
function turnedAway(ports: FakePorts, count: number) {
  ports.clock.advance(2000);
  return rejectedOnes(ports, count);
}

describe('a typed door', () => {
  test('stands on the route of every group of its type, and on no other', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'ghcr', secret: SOURCE_SECRET });
    const answers = await Promise.all(
      ['registry', 'github', 'gitlab', 'ci', 'generic', ''].map(async (route) => {
        const taken = await receive(ports, typed(source, { door: { kind: 'typed', route, sourceId: source.id } }));
        return taken.kind;
      }),
    );
    const closed = 'no_such_door';
    assert.deepEqual(answers, ['stored', 'stored', closed, closed, closed, closed]);
  });
});

describe('the method', () => {
  test('is one that its sender pushes with: Diun does with GET unless told otherwise, nobody else', async () => {
    const ports = fakePorts();
    for (const [type, open] of [
      ['diun', ['POST', 'GET']],
      ['wud', ['POST']],
      ['registry-push', ['POST']],
    ] as const) {
      const source = await door(ports, { type, scheme: { type: 'url' } });
      const body = json(sample('diun-update'));
      for (const method of ['POST', 'GET', 'PUT', 'HEAD', 'get', 'OPTIONS']) {
        const taken = await receive(ports, secret(source, { method, body }));
        assert.equal(
          taken.kind === 'stored',
          open.some((one) => one === method),
          `${type} ${method}`,
        );
        if (taken.kind !== 'stored') assert.deepEqual(taken, NO_SUCH_DOOR);
      }
    }
  });
});

describe('a secret URL that was replaced with a grace', () => {
  test('opens the door until its time, and not from then on', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', scheme: { type: 'url' } });
    const renewed = await regenerateUrl(ports, { tenant: DEFAULT_TENANT, id: source.id, graceSeconds: 60 });
    assert.ok(renewed.kind === 'changed');
    ports.clock.advance(59_999);
    stored(await receive(ports, secret(source)));
    ports.clock.advance(1);
    assert.deepEqual(await receive(ports, secret(source)), NO_SUCH_DOOR);
    stored(await receive(ports, secret(renewed.source)));
  });
});

describe('an allow-list', () => {
  const listed = { type: 'native', secret: SOURCE_SECRET, ipAllowList: ['203.0.113.0/28', '2001:db8::7'] };

  test('lets through whom it names', async () => {
    const ports = fakePorts();
    const source = await door(ports, listed);
    for (const remoteAddress of ['203.0.113.9', '2001:db8::7', '::ffff:203.0.113.15']) {
      ports.clock.advance(1);
      stored(await receive(ports, typed(source, { remoteAddress })));
    }
    assert.equal((await receipts(ports))[0]?.receipt.remoteAddress, '::ffff:203.0.113.15');
  });

  test('turns everybody else away as if there were no door, and notes it down after the answer', async () => {
    const ports = fakePorts();
    const source = await door(ports, listed);
    for (const remoteAddress of ['203.0.113.16', '2001:db8::8', null]) {
      assert.deepEqual(await receive(ports, typed(source, { remoteAddress })), NO_SUCH_DOOR);
    }
    const kept = await turnedAway(ports, 3);
    for (const { receipt } of kept) {
      assert.deepEqual([receipt.outcome, receipt.reason], ['rejected', 'address_not_allowed']);
      assert.equal(receipt.verdict.ok, false);
      assert.notEqual(receipt.proof, null);
    }
    assert.deepEqual(
      new Set(kept.map(({ receipt }) => receipt.remoteAddress)),
      new Set(['203.0.113.16', '2001:db8::8', null]),
    );
  });

  test('whose refusals come faster than they can be noted leaves some out, and takes no more memory', async () => {
    const ports = fakePorts();
    const source = await door(ports, listed);
    const take = createReceive(ports);
    const many = Array.from({ length: 100 }, () => take(typed(source, { remoteAddress: null })));
    for (const answer of await Promise.all(many)) assert.deepEqual(answer, NO_SUCH_DOOR);
    await turnedAway(ports, 32);
    await take.settled();
    await take(typed(source, { remoteAddress: null }));
    await turnedAway(ports, 33);
  });

  test('keeps of what it turned away only the beginning', async () => {
    const ports = fakePorts();
    const source = await door(ports, listed);
    const body = new Uint8Array(REJECTED_BODY_BYTES + 1);
    await receive(ports, typed(source, { remoteAddress: null, body }));
    const [kept] = await turnedAway(ports, 1);
    assert.equal(kept?.receipt.body.length, REJECTED_BODY_BYTES);
  });
});

describe('what a signature covers', () => {
  test('is kept with the receipt, id and time of either family, and the signature is not', async () => {
    const ports = fakePorts();
    for (const family of ['webhook', 'svix']) {
      const scheme = { type: 'standard-webhooks', header: `${family}-signature` };
      const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, scheme });
      const headers: [string, string][] = ['id', 'timestamp', 'signature'].map((end) => [`${family}-${end}`, '17']);
      await receive(ports, typed(source, { headers }));
      const [kept] = await receipts(ports);
      assert.deepEqual(kept?.receipt.headers, {
        [`${family}-id`]: '17',
        [`${family}-timestamp`]: '17',
        [`${family}-signature`]: '[redacted]',
      });
      ports.clock.advance(1);
    }
  });
});

describe('a source with a limit for bodies', () => {
  test('takes one of that size, and names the limit to one that is larger, of which nothing is kept', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, maxBodyBytes: PUSH.length });
    stored(await receive(ports, typed(source)));
    const larger = json({ image: 'registry.example.com/org/app:1.2.34' });
    assert.deepEqual(await receive(ports, typed(source, { body: larger })), {
      kind: 'too_large',
      maxBytes: PUSH.length,
    });
    const nowhere = { kind: 'secret', key: 'nobody' } as const;
    assert.deepEqual(await receive(ports, typed(source, { body: larger, door: nowhere })), NO_SUCH_DOOR);
    assert.equal((await receipts(ports)).length, 1);
  });
});

describe('a source with a rate', () => {
  const limited = { type: 'native', secret: SOURCE_SECRET, rateLimit: { count: 2, seconds: 10 } };

  test('sheds proved requests beyond it, says when to come again, and stores nothing of them', async () => {
    const ports = fakePorts();
    const source = await door(ports, limited);
    const take = createReceive(ports);
    stored(await take(typed(source)));
    ports.clock.advance(1000);
    stored(await take(typed(source)));
    const shed = await take(typed(source));
    assert.ok(shed.kind === 'shed' && shed.retryAfterMs > 8900 && shed.retryAfterMs < 9100, JSON.stringify(shed));
    assert.equal((await receipts(ports)).length, 2);
    ports.clock.advance(shed.retryAfterMs);
    stored(await take(typed(source)));
  });

  test('says so in the log once a minute, however much it is sent', async () => {
    const ports = fakePorts();
    const source = await door(ports, { ...limited, rateLimit: { count: 1, seconds: 3600 } });
    const take = createReceive(ports);
    const told = () => ports.logged.filter((line) => line === 'source.rate_limited').length;
    for (let at = 0; at < 5; at++) await take(typed(source));
    assert.equal(told(), 1);
    ports.clock.advance(60_000);
    for (let at = 0; at < 5; at++) await take(typed(source));
    assert.equal(told(), 2);
  });

  test('does not count what proves nothing: a stranger cannot use it up', async () => {
    const ports = fakePorts();
    const source = await door(ports, limited);
    const take = createReceive(ports);
    for (let at = 0; at < 5; at++) assert.equal((await take(typed(source, { headers: [] }))).kind, 'refused');
    stored(await take(typed(source)));
  });

  test('counts a request once, however often it has to be decided', async () => {
    const ports = fakePorts();
    const source = await door(ports, limited);
    const { recordReceipt } = ports.store;
    let stale = 3;
    ports.store.recordReceipt = async (request) =>
      stale-- > 0 ? { kind: 'stale', configVersion: request.configVersion } : recordReceipt(request);
    const take = createReceive(ports);
    stored(await take(typed(source)));
    stored(await take(typed(source)));
  });
});

describe('a source whose secret stands elsewhere', () => {
  test('is proved by what stands there now; while nothing does, its senders come again, and the log tells it once', async () => {
    let value: string | null = null;
    const ports = fakePorts({
      secretReferences: {
        read: async () => (value === null ? { kind: 'missing', reason: 'nothing is there' } : { kind: 'value', value }),
      },
    });
    const source = await door(ports, { type: 'native', secretRef: 'env:HOOKYARD_SECRET_CI' });
    const take = createReceive(ports);
    for (let at = 0; at < 3; at++) assert.deepEqual(await take(typed(source)), { kind: 'secret_unavailable' });
    assert.equal(ports.logged.filter((line) => line === 'source.secret_unavailable').length, 1);
    ports.clock.advance(60_000);
    await take(typed(source));
    assert.equal(ports.logged.filter((line) => line === 'source.secret_unavailable').length, 2);
    value = SOURCE_SECRET;
    stored(await take(typed(source)));
  });

  test('keeps what came meanwhile, after the answer, and it can be proved by what stands there then', async () => {
    let value: string | null = null;
    const read = async () =>
      value === null ? ({ kind: 'missing', reason: 'gone' } as const) : { kind: 'value' as const, value };
    const ports = fakePorts({ secretReferences: { read } });
    const source = await door(ports, { type: 'native', secretRef: 'env:HOOKYARD_SECRET_CI' });
    const body = new Uint8Array(REJECTED_BODY_BYTES + 1);
    assert.deepEqual(await receive(ports, typed(source, { body })), { kind: 'secret_unavailable' });
    assert.deepEqual(await receipts(ports), []);
    const [large] = await rejectedOnes(ports, 1);
    assert.deepEqual(
      [large?.receipt.outcome, large?.receipt.reason, large?.receipt.body.length],
      ['rejected', 'secret_unavailable', REJECTED_BODY_BYTES],
    );
    ports.clock.advance(1);
    await receive(ports, typed(source));
    const [kept] = await rejectedOnes(ports, 2);
    value = SOURCE_SECRET;
    const by = '01900000-0000-7000-8000-0000000000aa';
    const accepted = await acceptReceipt(ports, {
      tenant: DEFAULT_TENANT,
      id: kept?.receipt.id ?? '',
      by,
      force: false,
    });
    assert.ok(accepted.kind === 'accepted', JSON.stringify(accepted));
    assert.deepEqual([accepted.stored.receipt.verdict.ok, accepted.stored.eventIds.length], [true, 1]);
  });
});
