import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subscribe } from '../../../test/support/flows.ts';
import {
  door,
  json,
  receipts,
  receive,
  SOURCE_SECRET,
  secret,
  signature,
  stored,
  typed,
} from '../../../test/support/inbound.ts';
import { type FakePorts, fakePorts } from '../../../test/support/ports.ts';
import { sample } from '../../../test/support/samples.ts';
import { DEFAULT_TENANT } from '../../core/ids.ts';
import { REDELIVERY_AFTER_MS } from '../../core/source.ts';
import type { LiveSource } from '../configuration.ts';
import { pauseSource } from '../pause-source.ts';

const eventsOf = (ports: FakePorts) => ports.store.events({ tenant: DEFAULT_TENANT, limit: 50 });

async function paused(ports: FakePorts, source: LiveSource): Promise<void> {
  const outcome = await pauseSource(ports, { tenant: DEFAULT_TENANT, id: source.id, paused: true });
  assert.equal(outcome.kind, 'changed', JSON.stringify(outcome));
}

describe('a paused source', () => {
  test('proves, reads and keeps what it is sent, and makes nothing of it', async () => {
    const ports = fakePorts();
    await subscribe(ports);
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
    await paused(ports, source);
    const { action, reason } = stored(await receive(ports, typed(source)));
    assert.deepEqual([action, reason], ['ignored', 'Held: the source is paused.']);
    const [kept] = await receipts(ports);
    assert.deepEqual([kept?.receipt.outcome, kept?.receipt.verdict.ok], ['held', true]);
    assert.deepEqual([kept?.facts.length, kept?.eventIds.length, ports.offered.length], [1, 0, 0]);
    assert.deepEqual(await receive(ports, typed(source, { headers: [] })), { kind: 'refused' });
  });

  test('knows a repeat of what it holds', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
    await paused(ports, source);
    const { body, headers } = typed(source);
    const keyed = typed(source, { body, headers: [...headers, ['Idempotency-Key', 'k']] });
    const first = stored(await receive(ports, keyed));
    const second = stored(await receive(ports, keyed));
    assert.deepEqual([second.action, second.reason], ['duplicate', `Repeats receipt ${first.receiptId}.`]);
  });

  test('holds also what it cannot read: it is read anew when it goes on', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', scheme: { type: 'url' } });
    await paused(ports, source);
    const { reason, unreadable } = stored(await receive(ports, secret(source, { body: json([]) })));
    assert.deepEqual([reason, unreadable], ['Held: the source is paused.', null]);
  });

  test('answers a connection test, whose sender would not wait for it to go on', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'github', secret: SOURCE_SECRET });
    await paused(ports, source);
    const body = json({ zen: 'Keep it logically awesome.', hook_id: 1, hook: { type: 'Repository' } });
    const route = { kind: 'typed', route: 'github', sourceId: source.id } as const;
    const headers: [string, string][] = [signature(body), ['X-GitHub-Event', 'ping']];
    stored(await receive(ports, typed(source, { door: route, body, headers })));
    assert.equal((await receipts(ports))[0]?.receipt.outcome, 'handshake');
  });
});

describe('filters of a source', () => {
  test('keep what they refuse from becoming an event; the receipt says which rule it was', async () => {
    const ports = fakePorts();
    const filters = [{ field: '$.tag', operator: 'matches', value: '^v' }] as const;
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET, filters });
    const { action, reason } = stored(await receive(ports, typed(source)));
    assert.deepEqual([action, reason], ['ignored', 'Filter 0 ($.tag matches) says no.']);
    assert.equal((await eventsOf(ports)).length, 0);
    stored(await receive(ports, typed(source, { body: json({ image: 'registry.example.com/org/app:v2' }) })));
    assert.equal((await eventsOf(ports)).length, 1);
  });

  test('let the facts of one message through that pass', async () => {
    const ports = fakePorts();
    const filters = [{ field: '$.tag', operator: 'not_equals', value: null }] as const;
    const source = await door(ports, { type: 'harbor', secret: SOURCE_SECRET, filters });
    const body = json(sample('harbor-push'));
    stored(await receive(ports, typed(source, { body, headers: [['Authorization', SOURCE_SECRET]] })));
    const [kept] = await receipts(ports);
    assert.deepEqual([kept?.facts.length, kept?.eventIds.length], [2, 1]);
  });
});

describe('a message that a person has its sender send again', () => {
  function redelivered(source: LiveSource, body: Uint8Array) {
    const guid = ['X-GitHub-Delivery', '72d3162e-cc78-11e3-81ab-4c9367dc0958'] as const;
    return typed(source, { body, headers: [signature(body), ['X-GitHub-Event', 'package'], guid] });
  }

  test('is worked through, and linked to the one before', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'ghcr', secret: SOURCE_SECRET });
    const request = redelivered(source, json(sample('ghcr-package')));
    const first = stored(await receive(ports, request));
    ports.clock.advance(REDELIVERY_AFTER_MS);
    const second = stored(await receive(ports, request));
    assert.deepEqual([first.action, second.action], ['ignored', 'ignored']);
    const [again] = await receipts(ports);
    assert.deepEqual([again?.receipt.id, again?.receipt.redeliveryOf], [second.receiptId, first.receiptId]);
  });

  test('is a repeat when it comes sooner than a person can ask for it: it was doubled, or is played back', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'ghcr', secret: SOURCE_SECRET });
    const request = redelivered(source, json(sample('ghcr-package')));
    const answers = await Promise.all(Array.from({ length: 20 }, () => receive(ports, request)));
    const actions = answers.map((answer) => stored(answer).action).sort();
    assert.deepEqual(actions, [...Array(19).fill('duplicate'), 'ignored']);
    assert.equal((await eventsOf(ports)).length, 1);
    ports.clock.advance(REDELIVERY_AFTER_MS - 1);
    assert.equal(stored(await receive(ports, request)).action, 'duplicate');
  });

  test('is a repeat all the same when its body is another one', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'ghcr', secret: SOURCE_SECRET });
    const send = (body: Uint8Array) => receive(ports, redelivered(source, body));
    await send(json(sample('ghcr-package')));
    ports.clock.advance(REDELIVERY_AFTER_MS);
    const { action, reason } = stored(await send(json({ ...sample('ghcr-package'), more: 1 })));
    assert.equal(action, 'duplicate');
    assert.match(reason ?? '', /with another body/);
  });
});

describe('a key that came with what cannot be read', () => {
  const key: [string, string] = ['Idempotency-Key', 'build 7'];

  test('is free for the message when it comes again in order; meanwhile each is told its own fault', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', scheme: { type: 'url' } });
    const send = async (body: unknown) =>
      stored(await receive(ports, secret(source, { body: json(body), headers: [key] })));
    const faults = [await send([]), await send({ image: 7 })];
    assert.deepEqual(
      faults.map(({ action, unreadable }) => [action, unreadable !== null]),
      [
        ['ignored', true],
        ['ignored', true],
      ],
    );
    assert.notEqual(faults[0]?.reason, faults[1]?.reason);
    const push = { image: 'registry.example.com/org/app:7' };
    assert.equal((await send(push)).action, 'ignored');
    assert.equal((await eventsOf(ports)).length, 1);
    assert.equal((await send(push)).action, 'duplicate');
  });

  test('is free for the rest of a message when what could not be read of it comes corrected', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'distribution', scheme: { type: 'url' } });
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const event = (id: string, repository: string) => ({
      id,
      action: 'push',
      target: { mediaType, repository, tag: 'v1' },
    });
    const actions: string[] = [];
    for (const repository of ['', '', 'org/web', 'org/web']) {
      const body = json({ events: [event('a', 'org/app'), event('b', repository)] });
      actions.push(stored(await receive(ports, secret(source, { body }))).action);
    }
    assert.deepEqual(actions, ['ignored', 'duplicate', 'ignored', 'duplicate']);
    assert.equal((await ports.store.events({ tenant: DEFAULT_TENANT, limit: 50 })).length, 3);
  });
});

describe('who asks whether it may send', () => {
  const asking = {
    method: 'OPTIONS',
    body: new Uint8Array(),
    headers: [['WebHook-Request-Origin', 'eventgrid.azure.net']],
  } as const;

  test('is told so at the secret URL of a source of CloudEvents, and a receipt says that it asked', async () => {
    const ports = fakePorts();
    const rateLimit = { count: 2, seconds: 1 };
    const source = await door(ports, { type: 'cloudevents', scheme: { type: 'url' }, rateLimit });
    assert.deepEqual(await receive(ports, secret(source, asking)), {
      kind: 'permitted',
      permission: { origin: 'eventgrid.azure.net', perMinute: 120 },
    });
    const [kept] = await receipts(ports);
    assert.deepEqual([kept?.receipt.outcome, kept?.receipt.method], ['handshake', 'OPTIONS']);
  });

  test('is told so at a typed door with the token, and nothing without it', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'zot', secret: SOURCE_SECRET });
    const token: [string, string] = ['Authorization', SOURCE_SECRET];
    const proved = await receive(ports, typed(source, { ...asking, headers: [...asking.headers, token] }));
    assert.equal(proved.kind, 'permitted');
    assert.deepEqual(await receive(ports, typed(source, asking)), { kind: 'no_such_door' });
    assert.equal((await receipts(ports)).length, 1);
  });

  test('finds no door where senders do not ask, or without saying who it is', async () => {
    const ports = fakePorts();
    const hub = await door(ports, { type: 'dockerhub' });
    const events = await door(ports, { type: 'cloudevents', scheme: { type: 'url' } });
    assert.deepEqual(await receive(ports, secret(hub, asking)), { kind: 'no_such_door' });
    assert.deepEqual(await receive(ports, secret(events, { ...asking, headers: [] })), { kind: 'no_such_door' });
    assert.deepEqual(await receive(ports, secret(events, { ...asking, method: 'PUT' })), { kind: 'no_such_door' });
  });
});
