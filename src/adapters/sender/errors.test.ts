import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { factsOfError, failureOfError, type Stage } from './errors.ts';

function coded(code: string, more: object = {}): Error {
  return Object.assign(new Error('https://secret.test/?token=x'), { code }, more);
}

describe('an error', () => {
  const cases: [string, Stage, string][] = [
    ['ECONNREFUSED', 'connecting', 'connect_refused'],
    ['ETIMEDOUT', 'connecting', 'connect_timeout'],
    ['ETIMEDOUT', 'exchanging', 'connection_reset'],
    ['EHOSTUNREACH', 'connecting', 'connect_unreachable'],
    ['ECONNRESET', 'connecting', 'connection_reset'],
    ['ECONNRESET', 'handshaking', 'tls_protocol'],
    ['ECONNRESET', 'exchanging', 'connection_reset'],
    ['EPIPE', 'exchanging', 'connection_reset'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'handshaking', 'tls_untrusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'handshaking', 'tls_untrusted'],
    ['UNSPECIFIED', 'handshaking', 'tls_untrusted'],
    ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'handshaking', 'tls_untrusted'],
    ['SOME_NEW_CODE', 'handshaking', 'tls_protocol'],
    ['OUT_OF_MEM', 'handshaking', 'internal_error'],
    ['CERT_HAS_EXPIRED', 'handshaking', 'tls_expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'handshaking', 'tls_hostname'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'handshaking', 'tls_protocol'],
    ['EPROTO', 'handshaking', 'tls_protocol'],
    ['HPE_INVALID_CONSTANT', 'exchanging', 'protocol_error'],
    ['UND_ERR_HEADERS_OVERFLOW', 'exchanging', 'protocol_error'],
    ['EMFILE', 'connecting', 'internal_error'],
    ['UND_ERR_INVALID_ARG', 'exchanging', 'internal_error'],
  ];
  for (const [code, stage, failure] of cases) {
    it(`${code} while ${stage} is ${failure}`, () => assert.equal(failureOfError(coded(code), stage), failure));
  }

  it('nobody knows is our own fault', () => {
    for (const error of [new Error('x'), null, undefined, 'text', { code: 7 }]) {
      assert.equal(failureOfError(error, 'exchanging'), 'internal_error');
      assert.deepEqual(factsOfError(error, 'internal_error'), { reason: 'unknown error' });
    }
  });

  it('never brings its message into the facts', () => {
    for (const [code, stage, failure] of cases) {
      const facts = factsOfError(coded(code), failureOfError(coded(code), stage));
      assert.ok(!JSON.stringify(facts).includes('secret'), failure);
    }
  });

  it('of a certificate tells its fault in the words of OpenSSL, and of an authority that is unknown none', () => {
    const error = Object.assign(new Error('EE certificate key too weak'), { code: 'UNSPECIFIED' });
    assert.deepEqual(factsOfError(error, 'tls_untrusted'), { fault: 'EE certificate key too weak' });
    assert.deepEqual(factsOfError(coded('INVALID_CA'), 'tls_untrusted'), { fault: 'invalid ca' });
    assert.deepEqual(factsOfError(coded('SELF_SIGNED_CERT_IN_CHAIN'), 'tls_untrusted'), {});
  });

  it('in a handshake that nobody knows is told by its code', () => {
    assert.deepEqual(factsOfError(coded('SOME_NEW_CODE'), 'tls_protocol'), { alert: 'some new code' });
  });

  it('of TLS tells its alert', () => {
    const error = coded('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', { reason: 'tlsv1 alert protocol version' });
    assert.deepEqual(factsOfError(error, 'tls_protocol'), { alert: 'tlsv1 alert protocol version' });
    assert.deepEqual(factsOfError(coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'tls_protocol'), {
      alert: 'wrong version number',
    });
  });
});
