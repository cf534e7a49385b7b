import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formBody } from '../form.ts';
import { utf8 } from './encoding.ts';
import { formPayload, isFormType } from './form-payload.ts';

test('what was put into a form comes out byte for byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => assert.deepEqual(formPayload(formBody(bytes)), bytes)),
    { numRuns: 200 },
  );
});

test('it is decoded as every form parser does', () => {
  const value = fc.string({ unit: fc.constantFrom('+', '%', '2', 'b', 'B', 'g', '/', '=', 'x') });
  fc.assert(
    fc.property(value, (text) => {
      const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        formPayload(utf8(`payload=${text}`)) ?? utf8('none'),
      );
      assert.equal(decoded, new URLSearchParams(`payload=${text}`).get('payload'));
    }),
    { numRuns: 300 },
  );
});

test('only a form of that one field has a payload', () => {
  for (const form of ['', 'payload', 'p%61yload=x', 'payload=x&y=z', 'payload=x&', 'y=z&payload=x', 'Payload=x']) {
    assert.equal(formPayload(utf8(form)), null, form);
  }
});

test('a form is told by its content type alone', () => {
  assert.equal(isFormType('application/x-www-form-urlencoded'), true);
  assert.equal(isFormType(' Application/X-WWW-Form-Urlencoded ;charset=utf-8'), true);
  for (const type of [
    '',
    'application/json',
    'application/x-www-form-urlencodedx',
    'x/application/x-www-form-urlencoded',
  ]) {
    assert.equal(isFormType(type), false, type);
  }
});
