import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import {
  expiredCertificate,
  namelessCertificate,
  oddlyDatedCertificate,
  otherHostCertificate,
  selfSignedCertificate,
  testOnlyAuthority,
  testOnlyKey,
  validCertificate,
} from '../../../test/support/certificates.ts';
import { assertFailure, assertResponse, gateTo, receiver, request, sender } from '../../../test/support/outbound.ts';
import { startReceiver } from '../../../test/support/receiver.ts';
import { steppedClock } from '../../../test/support/stepped-clock.ts';

describe('connecting', () => {
  it('to a closed port is refused', async () => {
    const target = await startReceiver();
    await target.close();
    const answer = await sender().send(request(target.url));
    assertFailure(answer, 'connect_refused');
    assert.deepEqual(answer.facts, { ip: '127.0.0.1', port: `${target.port}` });
    assert.equal(answer.phases.connect, null);
  });

  it('goes on to the next address', async () => {
    const target = await receiver();
    const answer = await sender({ gate: gateTo('127.0.0.2', '127.0.0.1') }).send(
      request(`http://two.test:${target.port}/`),
    );
    assertResponse(answer);
    assert.equal(answer.connection.remoteAddress, '127.0.0.1');
    assert.equal(target.requests[0]?.headers.host, `two.test:${target.port}`);
  });

  for (const [addresses, ms] of [
    [['127.0.0.1'], '5000'],
    [['127.0.0.1', '127.0.0.1'], '2500'],
  ] as const) {
    it(`that is not taken ends after 5 s shared by ${addresses.length}`, async () => {
      const target = await receiver();
      const clock = steppedClock();
      const options = { egressIps: ['203.0.113.7', '2001:db8::/48'] };
      const sending = sender({ clock, gate: gateTo(...addresses), options });
      const answer = sending.send(request(target.url, { timeoutMs: 60_000 }));
      // Dialing begins once the gate has spoken; time then passes before the network can act.
      await Promise.resolve();
      await Promise.resolve();
      clock.advance(5000);
      const ended = await answer;
      assertFailure(ended, 'connect_timeout');
      assert.equal(ended.facts.ms, ms);
      assert.equal(ended.facts.egressIps, '203.0.113.7, 2001:db8::/48');
      assert.equal(ended.phases.total, 5000);
    });
  }
});

describe('TLS', () => {
  const secure = (certificate: string) => receiver(undefined, { tls: { key: testOnlyKey, certificate } });
  const options = { authorities: [testOnlyAuthority] };

  it('to a name takes a certificate of a trusted authority for that name', async () => {
    const target = await secure(validCertificate);
    const answer = await sender({ options }).send(request(`https://receiver.test:${target.port}/`));
    assertResponse(answer);
    assert.equal(answer.status, 200);
    assert.ok(answer.phases.tls !== null && answer.phases.tls > 0);
    assert.equal(target.requests[0]?.headers.host, `receiver.test:${target.port}`);
  });

  it('to an address takes a certificate for that address', async () => {
    const target = await secure(validCertificate);
    assertResponse(await sender({ options }).send(request(target.url)));
  });

  it('is used again as it is', async () => {
    const target = await secure(validCertificate);
    const sending = sender({ options });
    await sending.send(request(target.url));
    const answer = await sending.send(request(target.url));
    assert.equal(answer.connection.reused, true);
    assert.equal(target.connections(), 1);
  });

  const refused = [
    ['of an unknown authority', validCertificate, {}, 'tls_untrusted', { issuer: 'Test-only authority' }],
    ['that signed itself', selfSignedCertificate, options, 'tls_untrusted', { issuer: 'receiver.test' }],
    ['that has expired', expiredCertificate, options, 'tls_expired', { date: 'valid from 2020-01-01 to 2021-01-01' }],
    ['that names nobody', namelessCertificate, {}, 'tls_untrusted', {}],
    [
      'that has no date to start from',
      oddlyDatedCertificate,
      {},
      'tls_expired',
      { date: 'valid from a date that is none to 2021-01-01' },
    ],
    ['of another host', otherHostCertificate, options, 'tls_hostname', { host: 'receiver.test', names: 'other.test' }],
  ] as const;
  for (const [name, certificate, trusting, code, facts] of refused) {
    it(`with a certificate ${name} is ${code}`, async () => {
      const target = await secure(certificate);
      const answer = await sender({ options: trusting }).send(request(`https://receiver.test:${target.port}/`));
      assertFailure(answer, code);
      assert.deepEqual(answer.facts, { ip: '127.0.0.1', port: `${target.port}`, ...facts });
      assert.equal(target.requests.length, 0);
    });
  }

  it('to a port that speaks plain HTTP fails in the handshake', async () => {
    const target = await receiver();
    const answer = await sender().send(request(target.url.replace('http:', 'https:')));
    assertFailure(answer, 'tls_protocol');
    assert.ok(answer.facts.alert);
  });

  it('that the other side breaks off fails in the handshake', async (t) => {
    const port = await listen(t, (socket) => socket.once('data', () => socket.destroy()));
    const answer = await sender().send(request(`https://receiver.test:${port}/`));
    assertFailure(answer, 'tls_protocol');
    assert.equal(answer.facts.alert, 'the connection was closed during the handshake');
  });

  it('that the other side never answers ends after 5 s', async (t) => {
    const greeted = Promise.withResolvers<void>();
    const port = await listen(t, (socket) => socket.once('data', () => greeted.resolve()));
    const clock = steppedClock();
    const answer = sender({ clock }).send(request(`https://receiver.test:${port}/`));
    await greeted.promise;
    clock.advance(5000);
    const ended = await answer;
    assertFailure(ended, 'tls_protocol');
    assert.equal(ended.facts.alert, 'no answer to the handshake in 5000 ms');
  });
});

/** Listens on a free port of 127.0.0.1 until the test ends. */
async function listen(t: TestContext, accept: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    accept(socket);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
