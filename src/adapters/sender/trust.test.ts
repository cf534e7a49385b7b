import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  distantAuthority,
  distantCertificate,
  expiredCertificate,
  intermediate,
  otherHostCertificate,
  selfSignedCertificate,
  testOnlyAuthority,
  testOnlyKey,
  validCertificate,
} from '../../../test/support/certificates.ts';
import { assertFailure, assertResponse, receiver, request, sender } from '../../../test/support/outbound.ts';
import type { ReceiverOptions } from '../../../test/support/receiver.ts';
import type { TlsPolicy } from '../../ports.ts';
import { createTrusts } from './trust.ts';

const secure = (certificate: string, more: Partial<ReceiverOptions['tls']> = {}) =>
  receiver(undefined, { tls: { key: testOnlyKey, certificate, ...more } });
const trusting = (...pem: string[]): TlsPolicy => ({ verify: true, ca: pem.join('') });
const USUAL: TlsPolicy = { verify: true, ca: null };
const UNVERIFIED: TlsPolicy = { verify: false, ca: null };

describe('a subscription with authorities of its own', () => {
  const unknown = [
    ['of an unknown authority', validCertificate, testOnlyAuthority],
    ['that signed itself', selfSignedCertificate, selfSignedCertificate],
    ['with its chain', distantCertificate + intermediate, distantAuthority],
    ['whose authority stands behind a space', validCertificate, ` ${testOnlyAuthority}`],
    ['whose authority stands in quotes', validCertificate, `"${testOnlyAuthority}"`],
    ['whose authority stands behind a word', validCertificate, `CA: ${testOnlyAuthority}`],
    ['whose authority is joined to another', validCertificate, distantAuthority.trimEnd() + testOnlyAuthority],
    ['whose intermediate is missing', distantCertificate, intermediate],
    ['whose intermediate is missing', distantCertificate, distantAuthority + intermediate],
  ] as const;
  for (const [name, certificate, ca] of unknown) {
    it(`reaches a receiver with a certificate ${name}, and no other one does`, async () => {
      const target = await secure(certificate);
      const url = `https://receiver.test:${target.port}/`;
      const sending = sender();
      assertFailure(await sending.send(request(url)), 'tls_untrusted');
      assertResponse(await sending.send(request(url, { tls: trusting(ca) })));
      assertFailure(await sending.send(request(url)), 'tls_untrusted');
      assert.equal(target.requests.length, 1);
    });
  }

  const refused = [
    ['an intermediate that is in neither', distantCertificate, distantAuthority, 'tls_untrusted'],
    ['another authority', validCertificate, distantAuthority, 'tls_untrusted'],
    ['an end that has passed', expiredCertificate, testOnlyAuthority, 'tls_expired'],
    ['another host', otherHostCertificate, testOnlyAuthority, 'tls_hostname'],
  ] as const;
  for (const [name, certificate, ca, code] of refused) {
    it(`does not trust everything: ${name} is ${code}`, async () => {
      const target = await secure(certificate);
      const url = `https://receiver.test:${target.port}/`;
      assertFailure(await sender().send(request(url, { tls: trusting(ca) })), code);
    });
  }

  it('trusts the usual ones as well', async () => {
    const target = await secure(validCertificate);
    const sending = sender({ options: { authorities: [testOnlyAuthority] } });
    const url = `https://receiver.test:${target.port}/`;
    assertResponse(await sending.send(request(url, { tls: trusting(distantAuthority) })));
  });
});

describe('a subscription without verification', () => {
  const accepted = { validCertificate, selfSignedCertificate, expiredCertificate, otherHostCertificate };
  for (const [name, certificate] of Object.entries(accepted)) {
    it(`takes the ${name}`, async () => {
      const target = await secure(certificate);
      const url = `https://receiver.test:${target.port}/`;
      assertResponse(await sender().send(request(url, { tls: UNVERIFIED })));
    });
  }

  it('does not speak old versions all the same', async () => {
    const target = await secure(validCertificate, { old: true });
    for (const tls of [USUAL, UNVERIFIED, trusting(testOnlyAuthority)]) {
      const answer = await sender().send(request(target.url, { tls }));
      assertFailure(answer, 'tls_protocol');
      assert.match(answer.facts.alert ?? '', /protocol version/);
    }
  });
});

describe('connections', () => {
  it('are shared under equal policies only', async () => {
    const target = await secure(validCertificate);
    const sending = sender({ options: { authorities: [testOnlyAuthority] } });
    const policies = [USUAL, UNVERIFIED, trusting(testOnlyAuthority), trusting(distantAuthority)];
    for (const tls of [...policies, ...policies.map((policy) => ({ ...policy }))]) {
      assertResponse(await sending.send(request(target.url, { tls })));
    }
    assert.deepEqual(
      target.requests.map(({ connection }) => connection),
      [1, 2, 3, 4, 1, 2, 3, 4],
    );
  });

  it('opened without verification do not help one that verifies', async () => {
    const target = await secure(selfSignedCertificate);
    const sending = sender();
    assertResponse(await sending.send(request(target.url, { tls: UNVERIFIED })));
    assertFailure(await sending.send(request(target.url)), 'tls_untrusted');
    assertResponse(await sending.send(request(target.url, { tls: UNVERIFIED })));
    assert.equal(target.requests.length, 2);
  });

  it('resume no TLS session of another policy, nor of their own', async () => {
    const target = await secure(validCertificate);
    const sending = sender({ options: { authorities: [testOnlyAuthority] } });
    target.respond({ kind: 'status', status: 200, headers: { connection: 'close' } });
    for (const tls of [USUAL, UNVERIFIED, USUAL]) assertResponse(await sending.send(request(target.url, { tls })));
    assert.deepEqual(target.resumed(), [false, false, false]);
  });
});

describe('trust', () => {
  it('is worked out once for a policy, and its contexts are bounded', () => {
    const trusts = createTrusts([]);
    const policy = trusting(testOnlyAuthority);
    const trust = trusts.of(policy);
    assert.equal(trusts.of(policy), trust);
    const context = trust.context();
    assert.equal(trust.context(), context);
    for (let n = 0; n < 16; n++) trusts.of(trusting(testOnlyAuthority, '\n'.repeat(n + 1))).context();
    assert.notEqual(trust.context(), context);
  });
});
