import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { door, json, PUSH, receive, SOURCE_SECRET, stored, typed } from '../../../test/support/inbound.ts';
import { type FakePorts, fakePorts } from '../../../test/support/ports.ts';
import { DEFAULT_TENANT } from '../../core/ids.ts';
import type { SourceInput } from '../../core/source-input.ts';
import { acceptReceipt } from '../accept-receipt.ts';
import { changeSource } from '../change-source.ts';
import type { LiveSource } from '../configuration.ts';

type Headers = [string, string][];

const seconds = (ports: FakePorts) => Math.floor(ports.clock.nowMs() / 1000);
const eventsOf = (ports: FakePorts) => ports.store.events({ tenant: DEFAULT_TENANT, limit: 50 });

function mac(text: string, encoding: 'hex' | 'base64', secret = SOURCE_SECRET): string {
  return createHmac('sha256', secret).update(text).digest(encoding);
}

const PUSHED = new TextDecoder().decode(PUSH);

/** As senders sign a time with the body, each in its way. */
const TIMED: readonly [string, SourceInput['scheme'], (at: number, body: string) => Headers][] = [
  [
    'slack',
    { type: 'slack' },
    (at, body) => [
      ['X-Slack-Request-Timestamp', `${at}`],
      ['X-Slack-Signature', `v0=${mac(`v0:${at}:${body}`, 'hex')}`],
    ],
  ],
  ['stripe', { type: 'stripe' }, (at, body) => [['Stripe-Signature', `t=${at},v1=${mac(`${at}.${body}`, 'hex')}`]]],
  [
    'buildkite',
    { type: 'buildkite' },
    (at, body) => [['X-Buildkite-Signature', `timestamp=${at},signature=${mac(`${at}.${body}`, 'hex')}`]],
  ],
  [
    'timestamp.body',
    { type: 'hmac-sha256', covers: 'timestamp.body', timestampHeader: 'X-Time' },
    (at, body) => [
      ['X-Time', `${at}`],
      ['X-Hub-Signature-256', `sha256=${mac(`${at}.${body}`, 'hex')}`],
    ],
  ],
];

async function send(ports: FakePorts, source: LiveSource, headers: Headers, more: Headers = []): Promise<string> {
  return stored(await receive(ports, typed(source, { headers: [...headers, ...more] }))).action;
}

describe('a message whose scheme signs a time', () => {
  for (const [name, scheme, signed] of TIMED) {
    test(`is a duplicate when it is played back, whatever nobody signed (${name})`, async () => {
      const ports = fakePorts();
      const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, scheme });
      const headers = signed(seconds(ports), PUSHED);
      assert.equal(await send(ports, source, headers), 'ignored');
      for (const key of ['one', 'two']) {
        assert.equal(await send(ports, source, headers, [['Idempotency-Key', key]]), 'duplicate');
      }
      assert.equal(await send(ports, source, headers), 'duplicate');
      ports.clock.advance(1000);
      const next = signed(seconds(ports), PUSHED);
      assert.equal(await send(ports, source, next, [['Idempotency-Key', 'one']]), 'ignored');
      assert.equal((await eventsOf(ports)).length, 2);
    });
  }

  test('is remembered for as long as its time is believed', async () => {
    const ports = fakePorts();
    const [, scheme, signed] = TIMED[0] ?? assert.fail();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, scheme });
    // As far ahead as it may be.
    const headers = signed(seconds(ports) + 300, PUSHED);
    await send(ports, source, headers);
    ports.clock.advance(600_000);
    assert.equal(await send(ports, source, headers, [['Idempotency-Key', 'k']]), 'duplicate');
    ports.clock.advance(1000);
    assert.deepEqual(await receive(ports, typed(source, { headers })), { kind: 'refused' });
  });

  test('is a repeat under its own id too, signed anew', async () => {
    const ports = fakePorts();
    const [, scheme, signed] = TIMED[0] ?? assert.fail();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, scheme });
    const id: Headers = [['Idempotency-Key', 'build 7']];
    assert.equal(await send(ports, source, signed(seconds(ports), PUSHED), id), 'ignored');
    ports.clock.advance(5000);
    assert.equal(await send(ports, source, signed(seconds(ports), PUSHED), id), 'duplicate');
  });

  for (const [name, scheme, signed] of TIMED) {
    test(`is known by its bytes when a person accepted it (${name})`, async () => {
      const ports = fakePorts();
      const source = await door(ports, { type: 'native', secret: 'another secret of it', scheme });
      const headers = signed(seconds(ports), PUSHED);
      assert.deepEqual(await receive(ports, typed(source, { headers })), { kind: 'refused' });
      const [rejected] = await ports.store.receipts({ tenant: DEFAULT_TENANT, limit: 1 });
      const id = rejected?.receipt.id ?? '';
      const patch = { secret: SOURCE_SECRET };
      await changeSource(ports, { tenant: DEFAULT_TENANT, id: source.id, patch, ifVersion: null });
      const accepted = await acceptReceipt(ports, { tenant: DEFAULT_TENANT, id, by: id, force: false });
      assert.equal(accepted.kind, 'accepted', JSON.stringify(accepted));
      assert.equal(await send(ports, source, headers, [['Idempotency-Key', 'k']]), 'duplicate');
    });
  }

  test('uses its bytes up only when it could be read', async () => {
    const ports = fakePorts();
    const [, scheme, signed] = TIMED[0] ?? assert.fail();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, scheme });
    const body = json([]);
    const headers = signed(seconds(ports), '[]');
    for (const _ of [1, 2]) {
      assert.notEqual(stored(await receive(ports, typed(source, { body, headers }))).unreadable, null);
    }
  });
});

test('a message whose id is signed is known by that before any header that nobody signed', async () => {
  const ports = fakePorts();
  const scheme = { type: 'standard-webhooks' };
  const source = await door(ports, { type: 'gitlab', secret: SOURCE_SECRET, scheme });
  const body = json({ object_kind: 'note' });
  const at = seconds(ports);
  const headers: Headers = [
    ['webhook-id', 'msg_1'],
    ['webhook-timestamp', `${at}`],
    ['webhook-signature', `v1,${mac(`msg_1.${at}.{"object_kind":"note"}`, 'base64')}`],
  ];
  const where = { kind: 'typed', route: 'gitlab', sourceId: source.id } as const;
  const actions = [];
  for (const key of ['k1', 'k2', 'k3']) {
    const keyed: Headers = [...headers, ['Idempotency-Key', key]];
    actions.push(stored(await receive(ports, typed(source, { door: where, body, headers: keyed }))).action);
  }
  assert.deepEqual(actions, ['ignored', 'duplicate', 'duplicate']);
});

test('where no time is signed, every native post counts, the same bytes too', async () => {
  const ports = fakePorts();
  const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
  const { headers } = typed(source);
  const actions = [];
  for (const _ of [1, 2]) actions.push(stored(await receive(ports, typed(source, { headers }))).action);
  assert.deepEqual(actions, ['ignored', 'ignored']);
});
