import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lastTicket, subscribe, tryOnce } from '../../test/support/flows.ts';
import {
  door,
  json,
  PUSH,
  receipts,
  receive,
  SOURCE_SECRET as SECRET,
  secret,
  stored,
  typed,
} from '../../test/support/inbound.ts';
import { fakePorts } from '../../test/support/ports.ts';
import { sample } from '../../test/support/samples.ts';
import { REDACTED } from '../core/header.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { REJECTED_BODY_BYTES } from '../core/receipt.ts';
import { signatureKey, standardSignature } from '../core/signature/sign.ts';
import type { Store } from '../ports.ts';
import { changeSource } from './change-source.ts';
import type { InboundRequest } from './receive/door.ts';

describe('a proven push', () => {
  test('is kept, becomes an event with its lineage, and goes to who subscribed', async () => {
    const ports = fakePorts();
    await subscribe(ports, { events: ['image.pushed'] });
    const source = await door(ports, { type: 'native', secret: SECRET });
    const { receiptId, action, reason } = stored(await receive(ports, typed(source)));
    assert.deepEqual([action, reason], ['ignored', 'No matching component']);
    const kept = await ports.store.receipt(DEFAULT_TENANT, receiptId);
    assert.deepEqual(kept?.receipt.body, PUSH);
    assert.equal(kept?.receipt.verdict.ok, true);
    const event = await ports.store.event(DEFAULT_TENANT, kept?.eventIds[0] ?? '');
    assert.deepEqual(event?.event.source, { kind: 'receipt', id: receiptId });
    const data = JSON.parse(new TextDecoder().decode(event?.event.data)) as { image: unknown };
    const image = { registry: 'registry.example.com', repository: 'org/app', tag: '1.2.3', digest: null };
    assert.deepEqual(data.image, image);
    assert.equal(lastTicket(ports).eventId, event?.event.id);
  });

  test('through the secret URL is understood as the type of its source says', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'dockerhub' });
    stored(await receive(ports, secret(source, { body: json(sample('dockerhub-push')) })));
    assert.equal((await receipts(ports))[0]?.facts.length, 1);
  });

  test('sent again under the id that its signature covers is a duplicate, and its receipt has that id', async () => {
    const ports = fakePorts();
    const scheme = { type: 'standard-webhooks', header: 'Acme-Signature' };
    const source = await door(ports, { type: 'native', scheme, secret: SECRET });
    const send = async () => {
      const seconds = Math.floor(ports.clock.nowMs() / 1000);
      const signed = standardSignature(signatureKey(SECRET, 'standard'), 'm1', seconds, PUSH, ports.mac.hmac);
      const proof = [
        ['Acme-Id', 'm1'],
        ['Acme-Timestamp', `${seconds}`],
        ['Acme-Signature', signed],
      ] as const;
      return stored(await receive(ports, typed(source, { headers: proof })));
    };
    await send();
    ports.clock.advance(60_000);
    const { action, receiptId } = await send();
    assert.equal(action, 'duplicate');
    const kept = await ports.store.receipt(DEFAULT_TENANT, receiptId);
    const headers = { 'acme-id': 'm1', 'acme-timestamp': '1800000060', 'acme-signature': REDACTED };
    assert.deepEqual(kept?.receipt.headers, headers);
  });

  test('sent again under its key is a duplicate that makes nothing', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SECRET });
    const [signature] = typed(source).headers;
    assert.ok(signature !== undefined);
    const request = typed(source, { headers: [signature, ['Idempotency-Key', 'push-1']] });
    const first = stored(await receive(ports, request));
    const second = stored(await receive(ports, request));
    assert.equal(second.action, 'duplicate');
    assert.equal(second.reason, `Repeats receipt ${first.receiptId}.`);
    assert.equal((await ports.store.events({ tenant: DEFAULT_TENANT, limit: 9 })).length, 1);
  });

  test('is decided on the configuration it is stored with', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SECRET });
    const elsewhere = {
      ...ports,
      configuration: fakePorts({ store: ports.store, sealer: ports.sealer }).configuration,
    };
    await subscribe(elsewhere);
    stored(await receive(ports, typed(source)));
    assert.equal(ports.offered.length, 1);
    assert.equal(ports.offered[0]?.tickets.length, 1);
  });

  test('keeps neither the token nor the signature it was proved with, whatever header held it', async () => {
    const ports = fakePorts();
    const token = { type: 'harbor', scheme: { type: 'token', header: 'X-Request-Id' }, secret: SECRET };
    const harbor = await door(ports, token);
    stored(
      await receive(
        ports,
        typed(harbor, {
          headers: [
            ['x-request-id', SECRET],
            ['Date', 'today'],
          ],
        }),
      ),
    );
    assert.deepEqual((await receipts(ports))[0]?.receipt.headers, { 'x-request-id': REDACTED, date: 'today' });
  });
});

describe('a payload that is authentic', () => {
  const rows: readonly [string, Uint8Array, string, RegExp, boolean][] = [
    ['and no JSON is kept as unreadable', new TextEncoder().encode('{"image":'), 'ignored', /^unreadable: /, true],
    [
      'and nests too deep is kept as unreadable',
      new TextEncoder().encode('['.repeat(500)),
      'ignored',
      /^unreadable: /,
      true,
    ],
    ['and lacks what it must say is kept as unreadable', json({}), 'ignored', /^unreadable: /, true],
  ];
  for (const [name, body, action, reason, isUnreadable] of rows) {
    test(name, async () => {
      const ports = fakePorts();
      const source = await door(ports, { type: 'native', scheme: { type: 'url' } });
      const received = stored(await receive(ports, secret(source, { body })));
      assert.equal(received.action, action);
      assert.match(received.reason ?? '', reason);
      assert.equal(received.unreadable !== null, isUnreadable);
      assert.deepEqual((await receipts(ports))[0]?.receipt.body, body);
      assert.equal((await ports.store.events({ tenant: DEFAULT_TENANT, limit: 9 })).length, 0);
    });
  }
});

describe('a request that proves nothing', () => {
  test('is refused, kept with its reason, and makes no event', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SECRET });
    const forged = typed(source, { headers: [['X-Hub-Signature-256', `sha256=${'0'.repeat(64)}`]] });
    assert.deepEqual(await receive(ports, forged), { kind: 'refused' });
    const [kept] = await receipts(ports);
    assert.deepEqual([kept?.receipt.outcome, kept?.receipt.reason], ['rejected', 'mismatch']);
    assert.deepEqual([kept?.facts, kept?.eventIds], [[], []]);
  });

  test('is kept with the beginning of its body only', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SECRET });
    const body = new Uint8Array(REJECTED_BODY_BYTES + 1).fill(7);
    await receive(ports, typed(source, { body, headers: [] }));
    const [kept] = await receipts(ports);
    assert.deepEqual(kept?.receipt.body, body.slice(0, 65_536));
    await receive(ports, typed(source, { body }));
    assert.deepEqual((await receipts(ports)).map(({ receipt }) => receipt.body.length).sort(), [
      REJECTED_BODY_BYTES,
      REJECTED_BODY_BYTES + 1,
    ]);
  });

  test('is one of the newest 500 of its source that are kept', async () => {
    const made = fakePorts();
    const asked: unknown[] = [];
    const store: Store = {
      ...made.store,
      recordReceipt: (record) => {
        asked.push(record.maxRejected);
        return made.store.recordReceipt(record);
      },
    };
    const ports = { ...made, store };
    const source = await door(ports, { type: 'native', secret: SECRET });
    await receive(ports, typed(source, { headers: [] }));
    assert.deepEqual(asked, [500]);
  });

  test('is kept too when the configuration changes in the same moment', async () => {
    const { store } = fakePorts();
    let stale = 1;
    const moving: Store = {
      ...store,
      recordReceipt: async (request) =>
        stale-- > 0 ? { kind: 'stale', configVersion: request.configVersion + 1 } : store.recordReceipt(request),
    };
    const ports = fakePorts({ store: moving });
    const source = await door(ports, { type: 'native', secret: SECRET });
    assert.deepEqual(await receive(ports, typed(source, { headers: [] })), { kind: 'refused' });
    assert.equal((await receipts(ports)).length, 1);
  });
});

describe('a push under a configuration that keeps changing', () => {
  test('is not decided, whether it proves its sender or not, and leaves nothing behind', async () => {
    const ports = fakePorts();
    await subscribe(ports);
    const source = await door(ports, { type: 'native', secret: SECRET });
    const { recordReceipt } = ports.store;
    ports.store.recordReceipt = async ({ configVersion }) => ({ kind: 'stale', configVersion });
    assert.deepEqual(await receive(ports, typed(source)), { kind: 'restless' });
    assert.deepEqual(await receive(ports, typed(source, { headers: [] })), { kind: 'restless' });
    assert.deepEqual([ports.offered, await receipts(ports)], [[], []]);
    Object.assign(ports.store, { recordReceipt });
    stored(await receive(ports, typed(source)));
  });

  test('is taken all the same when it comes to rest at last: many senders never send again', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SECRET });
    const { recordReceipt } = ports.store;
    let changes = 20;
    ports.store.recordReceipt = async (request) =>
      changes-- > 0 ? { kind: 'stale', configVersion: request.configVersion } : recordReceipt(request);
    stored(await receive(ports, typed(source)));
    assert.equal((await receipts(ports)).length, 1);
  });
});

describe('a message that has come through us before', () => {
  test('counts one more on its way out, and makes no event once it goes in a circle', async () => {
    const ports = fakePorts();
    await subscribe(ports);
    const source = await door(ports, { type: 'native', scheme: { type: 'url' } });
    const came = (hops: string) => secret(source, { headers: [['Hookyard-Hops', hops]] });
    await receive(ports, came('3'));
    await tryOnce(ports, lastTicket(ports));
    assert.equal(ports.sent[0]?.headers['hookyard-hops'], '4');
    ports.clock.advance(1);
    await receive(ports, came('8'));
    assert.equal(ports.offered.length, 1);
    assert.match((await receipts(ports))[0]?.receipt.reason ?? '', /circle/);
  });
});

describe('a door that is not there', () => {
  test('looks the same whether it is unknown, shut, another kind or asked the wrong way', async () => {
    const ports = fakePorts();
    const native = await door(ports, { type: 'native', secret: SECRET });
    const hub = await door(ports, { type: 'dockerhub' });
    const wud = await door(ports, { type: 'wud' });
    const shut = await door(ports, { type: 'dockerhub' });
    const closing = { tenant: DEFAULT_TENANT, id: shut.id, patch: {}, enabled: false, ifVersion: null };
    assert.equal((await changeSource(ports, closing)).kind, 'changed');
    const nowhere: InboundRequest[] = [
      typed(native, { method: 'PUT' }),
      typed(native, { tenant: native.id }),
      typed(native, { door: { kind: 'typed', route: 'github', sourceId: native.id } }),
      typed(native, { door: { kind: 'typed', route: 'registry', sourceId: DEFAULT_TENANT } }),
      typed(native, { door: { kind: 'typed', route: 'registry', sourceId: '../x' } }),
      typed(hub),
      secret(hub, { method: 'GET' }),
      secret(wud, { method: 'GET' }),
      secret(hub, { door: { kind: 'secret', key: '' } }),
      secret(hub, { door: { kind: 'secret', key: `${hub.config?.urlKey}x` } }),
      secret(hub, { door: { kind: 'secret', key: hub.config?.urlKey?.toUpperCase() ?? '' } }),
      secret(hub, { door: { kind: 'secret', key: hub.id } }),
      secret(shut),
    ];
    for (const request of nowhere) {
      assert.deepEqual(await receive(ports, request), { kind: 'no_such_door' }, JSON.stringify(request.door));
    }
    assert.equal((await receipts(ports)).length, 0);
  });

  test('is another thing than one whose secret cannot be opened', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SECRET });
    const locked = fakePorts({
      store: ports.store,
      sealer: { ...ports.sealer, open: () => ({ kind: 'unavailable', keyId: 'k' }) },
    });
    assert.deepEqual(await receive(locked, typed(source)), { kind: 'secret_unavailable' });
    assert.ok(locked.logged.includes('source.secret_unavailable'));
  });
});
