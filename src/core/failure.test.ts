import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { describeFailure, FAILURE_CODES, failureOfStatus, failureRetry, isFailureCode } from './failure.ts';

describe('a failure in words', () => {
  it('fills its sentence with the facts of the attempt', () => {
    const text = describeFailure('connect_refused', { ip: '192.0.2.7', port: '443' });
    assert.equal(text.error, '192.0.2.7:443 refused the connection.');
    assert.equal(text.errorClass, 'connect');
    assert.equal(text.code, 'connect_refused');
  });

  it('leaves out what the facts lack', () => {
    assert.equal(describeFailure('connect_refused', {}).error, 'The receiver refused the connection.');
    assert.equal(describeFailure('dns_timeout', {}).error, 'DNS did not answer.');
    assert.equal(describeFailure('tls_hostname', { host: 'a.test' }).error, 'The certificate is not for a.test.');
    assert.equal(describeFailure('connect_timeout', {}).remedy, 'Allow our address in the firewall of the receiver.');
  });

  it('puts an IPv6 address in brackets before its port, and nowhere else', () => {
    const error = (facts: Record<string, string>) => describeFailure('connect_timeout', facts).error;
    assert.equal(error({ ip: '::1', port: '9101' }), 'No connection to [::1]:9101.');
    assert.equal(error({ ip: '::1' }), 'No connection to ::1.');
    assert.equal(error({ port: '9101' }), 'No connection to the receiver.');
  });

  it('knows a redirect from a status that leads nowhere', () => {
    const moved = describeFailure('redirect_refused', { status: '301', location: 'https://a.test/' });
    assert.equal(moved.error, '301 to https://a.test/; redirects are not followed.');
    assert.equal(moved.cause, 'The receiver moved.');
    const odd = describeFailure('redirect_refused', { status: '304' });
    assert.equal(odd.error, 'The receiver answered 304, which is no success, and names no other URL.');
    assert.doesNotMatch(odd.cause + odd.remedy, /moved|final URL/);
  });

  it('says for how long the receiver asks to be left alone', () => {
    const { error } = describeFailure('http_5xx', { status: '503', ms: '12', s: '3600' });
    assert.equal(error, 'The receiver failed with 503 after 12 ms and asks to wait 3600 s.');
  });

  it('says why it ended a delivery that had tries left', () => {
    const stopped = describeFailure('http_5xx', { status: '500', wish: 'abort-message' });
    assert.equal(stopped.error, 'The receiver failed with 500. It asked for no more: webhook-delivery: abort-message.');
    assert.match(stopped.remedy, / If `abort-message` was a mistake, redeliver it\.$/);
    const late = describeFailure('connect_refused', { maxAgeSeconds: '60' });
    assert.match(late.error, / Given up: the next try would come after the maximum age of 60 s\.$/);
    assert.match(late.remedy, / raise `maxAgeSeconds` above 60\.$/);
    const final = describeFailure('http_429', { status: '429', unlisted: '429' });
    assert.match(final.remedy, /put `429` into `retryOn`/);
  });

  it('tells a refused address in the words of the address gate', () => {
    const facts = { message: 'a.test resolves to 10.0.0.1, which is private.', remedy: '--allow-cidrs 10.0.0.0/8' };
    const text = describeFailure('ssrf_blocked', facts);
    assert.equal(text.error, facts.message);
    assert.equal(text.remedy, facts.remedy);
    assert.equal(text.cause, 'A private or reserved address.');
    assert.equal(describeFailure('ssrf_blocked', { ...facts, rule: 'scheme' }).cause, 'A URL that is not https.');
  });

  it('tells a refused address also without them', () => {
    const facts = { host: 'a.test', ip: '10.0.0.1', range: 'Private-Use', rule: 'special_address' };
    assert.equal(
      describeFailure('ssrf_blocked', facts).error,
      'Refused before connecting: a.test → 10.0.0.1, in Private-Use (special_address).',
    );
  });

  it('never lets a fact rewrite the sentence', () => {
    const text = describeFailure('tls_hostname', { host: '{ip} [x]', names: '$& {host}' });
    assert.equal(text.error, 'The certificate is for $& {host}, not for {ip} [x].');
  });

  it('reads whole whatever facts there are', () => {
    const names = fc.constantFrom('host', 'ip', 'port', 'ms', 'status', 'reason', 'since', 'detail', '__proto__');
    const facts = fc.dictionary(names, fc.stringMatching(/^[a-z0-9.]{1,8}$/));
    fc.assert(
      fc.property(fc.constantFrom(...FAILURE_CODES), facts, (code, given) => {
        const { error, cause, remedy } = describeFailure(code, given);
        for (const text of [error, cause, remedy]) assert.match(text, /^[^{}[\]]+\.$/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the failure of a status', () => {
  const cases: [number, ReturnType<typeof failureOfStatus>][] = [
    [200, null],
    [299, null],
    [301, 'redirect_refused'],
    [304, 'redirect_refused'],
    [400, 'http_400'],
    [402, 'http_4xx'],
    [408, 'http_408'],
    [410, 'http_410'],
    [418, 'http_4xx'],
    [429, 'http_429'],
    [500, 'http_5xx'],
    [599, 'http_5xx'],
    [600, 'protocol_error'],
    [999, 'protocol_error'],
    [101, 'protocol_error'],
    [0, 'protocol_error'],
    [200.5, 'protocol_error'],
  ];
  for (const [status, code] of cases) {
    it(`${status} is ${code ?? 'no failure'}`, () => assert.equal(failureOfStatus(status), code));
  }
});

describe('when a failure is tried again', () => {
  it('follows the policy for what the network and the receiver did', () => {
    assert.equal(failureRetry('connect_timeout'), 'network');
    assert.equal(failureRetry('http_5xx'), '5xx');
    assert.equal(failureRetry('http_429'), '429');
    assert.equal(failureRetry('http_404'), '4xx');
    assert.equal(failureRetry('redirect_refused'), '3xx');
  });

  it('is never for a blocked address, whatever the policy', () => {
    assert.equal(failureRetry('ssrf_blocked'), 'never');
    assert.equal(describeFailure('ssrf_blocked', {}).errorClass, 'blocked');
  });
});

describe('the codes', () => {
  it('are known by name and nothing else is', () => {
    for (const code of FAILURE_CODES) assert.equal(isFailureCode(code), true);
    for (const text of ['toString', '__proto__', 'http_402', '']) assert.equal(isFailureCode(text), false);
  });
});
