import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distantAuthority, intermediate, testOnlyAuthority, testOnlyKey } from '../../test/support/certificates.ts';
import { authorities } from './authorities.ts';

const body = testOnlyAuthority.split('\n').slice(1, -2).join('\n');
const wrapped = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

const CASES: readonly (readonly [string, string, RegExp | null])[] = [
  ['one certificate', testOnlyAuthority, null],
  ['several', distantAuthority + intermediate, null],
  ['certificates with words between them', `An authority:\n${distantAuthority}\nAnother:\n${intermediate}`, null],
  ['one behind a space, a tab, a quote or a word', `ours: \t"${testOnlyAuthority}"`, null],
  ['two without a line end between them', testOnlyAuthority.trimEnd() + distantAuthority, null],
  ['one with Windows line ends', testOnlyAuthority.replaceAll('\n', '\r\n'), null],
  ['nothing', '', /no PEM certificate/],
  ['words', 'our authority', /no PEM certificate/],
  ['base64 alone', body, /no PEM certificate/],
  ['an end that is missing', testOnlyAuthority.replace('-----END CERTIFICATE-----', ''), /no PEM certificate/],
  ['a private key', testOnlyKey, /no PEM certificate/],
  ['a private key beside a certificate', testOnlyAuthority + testOnlyKey, /something other/],
  ['a key wrapped as a certificate', wrapped(testOnlyKey.split('\n').slice(1, -2).join('\n')), /1 of 1 cannot be read/],
  ['half a certificate', wrapped(body.slice(0, 200)), /1 of 1 cannot be read/],
  ['a broken second one', testOnlyAuthority + wrapped('AAAA'), /2 of 2 cannot be read/],
];

for (const [name, pem, fault] of CASES) {
  test(`${name}: ${fault === null ? 'can be trusted' : 'cannot be trusted'}`, () => {
    const found = authorities.fault(pem);
    if (fault === null) assert.equal(found, null);
    else assert.match(found ?? '', fault);
  });
}
