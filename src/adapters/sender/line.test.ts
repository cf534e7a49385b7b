import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testOnlyAuthority, validCertificate } from '../../../test/support/certificates.ts';
import { assertFailure, assertResponse, receiver, request, sender, settled } from '../../../test/support/outbound.ts';
import type { Script } from '../../../test/support/receiver.ts';
import { floods, startHostile } from '../../../test/support/receiver-hostile.ts';
import { steppedClock } from '../../../test/support/stepped-clock.ts';

describe('what is no HTTP answer', () => {
  const cases: [string, Script][] = [
    ['garbage', { kind: 'raw', bytes: 'SSH-2.0-OpenSSH_9.9\r\n' }],
    ['an unsolicited 100', { kind: 'raw', bytes: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n' }],
    ['a switch of protocols', { kind: 'raw', bytes: 'HTTP/1.1 101 S\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n' }],
    ['a status of 000', { kind: 'raw', bytes: 'HTTP/1.1 000 Odd\r\ncontent-length: 0\r\n\r\n' }],
    ['a status of 099', { kind: 'raw', bytes: 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n' }],
    ['a status of 600', { kind: 'raw', bytes: 'HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n' }],
    ['a head of more than 16 KiB', { kind: 'raw', bytes: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n` }],
  ];
  for (const [name, script] of cases) {
    it(`${name} is a protocol error`, async () => {
      const target = await receiver(script);
      const answer = await sender().send(request(target.url));
      assertFailure(answer, 'protocol_error');
      assert.ok(answer.facts.detail);
    });
  }

  const endless: [string, string, string][] = [
    ['interim answers', '', 'HTTP/1.1 103 Early\r\n\r\n'.repeat(500)],
    ['words behind the status', 'HTTP/1.1 200 ', 'y'.repeat(10_000)],
  ];
  for (const [name, beginning, flood] of endless) {
    it(`is what never comes to an answer: ${name} without end`, async (t) => {
      const target = await startHostile({ answer: floods(beginning, flood) });
      t.after(target.close);
      const answer = await sender().send(request(`http://127.0.0.1:${target.port}/`));
      assertFailure(answer, 'protocol_error');
      assert.equal(answer.facts.detail, 'more than 1048576 bytes before an answer');
    });
  }

  it('is not what came before on the same connection', async (t) => {
    const large = `HTTP/1.1 200 OK\r\ncontent-length: ${1 << 20}\r\n\r\n${'x'.repeat(1 << 20)}`;
    const clock = steppedClock();
    const target = await startHostile({
      answer(socket, n) {
        if (n === 0) socket.write(large);
        else socket.write('HTTP/1.1 200 O');
      },
    });
    t.after(target.close);
    const sending = sender({ clock });
    assertResponse(await sending.send(request(`http://127.0.0.1:${target.port}/`)));
    const second = sending.send(request(`http://127.0.0.1:${target.port}/`));
    await settled(second, clock);
    assertFailure(await second, 'response_timeout');
    assert.equal((await second).connection.reused, true);
  });

  it('after a good answer breaks the connection and spoils nothing', async () => {
    const twice = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n';
    const target = await receiver([
      { kind: 'raw', bytes: twice },
      { kind: 'status', status: 200 },
    ]);
    const sending = sender();
    for (let n = 0; n < 2; n++) {
      const answer = await sending.send(request(target.url));
      assertResponse(answer);
      assert.equal(answer.status, 200);
    }
  });
});

describe('a connection that breaks', () => {
  // Over TLS 1.3 the handshake is over on our side before the receiver looks for a certificate (RFC 8446 §4.4.2.4).
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`because the receiver wants a client certificate says so over ${maxVersion}`, async (t) => {
      const tls = { requestCert: true, rejectUnauthorized: true, ca: testOnlyAuthority, maxVersion };
      const target = await startHostile({ certificate: validCertificate, tls });
      t.after(target.close);
      const sending = sender({ options: { authorities: [testOnlyAuthority] } });
      const answer = await sending.send(request(`https://receiver.test:${target.port}/`));
      assertFailure(answer, 'tls_protocol');
      assert.match(answer.facts.alert ?? '', /alert (handshake failure|certificate required)$/);
      assert.equal(target.requests(), 0);
    });
  }

  for (const when of ['before_answer', 'in_headers'] as const) {
    it(`${when.replace('_', ' ')} is a reset`, async () => {
      const target = await receiver({ kind: 'reset', when });
      const answer = await sender().send(request(target.url));
      assertFailure(answer, 'connection_reset');
      assert.equal(answer.facts.ip, '127.0.0.1');
      assert.equal(target.requests.length, 1);
    });
  }

  it('by a proper close before the answer is a reset too', async () => {
    const target = await receiver({ kind: 'close' });
    assertFailure(await sender().send(request(target.url)), 'connection_reset');
  });

  it('is replaced once when it had been used before, and that is no failure', async () => {
    const target = await receiver([
      { kind: 'status', status: 200 },
      { kind: 'reset', when: 'before_answer' },
      { kind: 'status', status: 201 },
    ]);
    const sending = sender();
    await sending.send(request(target.url));
    const answer = await sending.send(request(target.url));
    assertResponse(answer);
    assert.equal(answer.status, 201);
    assert.equal(answer.connection.reused, false);
    assert.deepEqual(
      target.requests.map(({ connection }) => connection),
      [1, 1, 2],
    );
  });

  it('is replaced only once', async () => {
    const target = await receiver([
      { kind: 'status', status: 200 },
      { kind: 'reset', when: 'before_answer' },
    ]);
    const sending = sender();
    await sending.send(request(target.url));
    assertFailure(await sending.send(request(target.url)), 'connection_reset');
    assert.equal(target.requests.length, 3);
  });

  it('is not replaced once a byte of the answer came', async () => {
    const target = await receiver([
      { kind: 'status', status: 200 },
      { kind: 'reset', when: 'in_headers' },
    ]);
    const sending = sender();
    await sending.send(request(target.url));
    assertFailure(await sending.send(request(target.url)), 'connection_reset');
    assert.equal(target.requests.length, 2);
  });
});

describe('the version of an answer', () => {
  const answers: [string, (string | null)[]][] = [
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', ['1.0']],
    ['HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ['1.1']],
    // The second over the same connection.
    ['HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n', ['1.0', '1.1']],
  ];
  for (const [first, versions] of answers) {
    for (const [how, piece] of Object.entries({ whole: first.length, 'byte by byte': 1 })) {
      it(`is what its status line says: ${versions.join(', then ')}, ${how}`, async (t) => {
        const target = await startHostile({
          answer(socket, n) {
            const said = n === 0 ? first : 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
            for (let at = 0; at < said.length; at += piece) socket.write(said.slice(at, at + piece));
          },
        });
        t.after(target.close);
        const sending = sender();
        const seen: (string | null)[] = [];
        for (const _ of versions) {
          const answer = await sending.send(request(`http://127.0.0.1:${target.port}/`));
          seen.push(answer.connection.httpVersion);
        }
        assert.deepEqual(seen, versions);
      });
    }
  }

  it('is null where none came', async () => {
    const target = await receiver({ kind: 'reset', when: 'before_answer' });
    assert.equal((await sender().send(request(target.url))).connection.httpVersion, null);
  });
});
