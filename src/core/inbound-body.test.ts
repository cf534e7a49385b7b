import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formBody } from './form.ts';
import { inboundJson } from './inbound-body.ts';
import { INBOUND_LIMITS } from './inbound-limits.ts';
import type { SourceType } from './source.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function jsonOf(type: SourceType, headers: Record<string, string>, body: Uint8Array): unknown {
  const parsed = inboundJson(type, headers, body);
  return parsed.kind === 'parsed' ? parsed.value : parsed.kind;
}

test('the JSON of a form is in its payload, where the sender may post forms', () => {
  const json = utf8('{"ref":"a b&c=ü"}');
  assert.deepEqual(jsonOf('github', FORM, formBody(json)), { ref: 'a b&c=ü' });
  assert.equal(jsonOf('dockerhub', FORM, formBody(json)), 'refused');
  assert.equal(jsonOf('github', {}, formBody(json)), 'refused');
});

test('JSON under the content type of a form is taken as JSON, whatever it holds', () => {
  const body = utf8('{"image":"a&payload={}"}');
  assert.deepEqual(jsonOf('generic', FORM, body), { image: 'a&payload={}' });
  assert.deepEqual(jsonOf('native', FORM, utf8('{"image":"a"}')), { image: 'a' });
});

test('a form with two payloads is not guessed at', () => {
  assert.equal(jsonOf('github', FORM, utf8('payload=%7B%7D&payload=%7B%22a%22%3A1%7D')), 'refused');
});

test('a CloudEvent that is all in its headers has no data', () => {
  const binary = { 'ce-specversion': '1.0', 'ce-id': '1' };
  assert.equal(jsonOf('cloudevents', binary, utf8('')), null);
  assert.equal(jsonOf('cloudevents', {}, utf8('')), 'refused');
  assert.equal(jsonOf('dockerhub', binary, utf8('')), 'refused');
});

test('depth is limited, and the top level may be anything', () => {
  assert.deepEqual(jsonOf('acr-eventgrid', {}, utf8('[1]')), [1]);
  assert.equal(jsonOf('generic', {}, utf8('['.repeat(65) + ']'.repeat(65))), 'refused');
});

test('members and values are limited, however small they are', () => {
  const { maxMembers, maxValues } = INBOUND_LIMITS;
  const list = (item: string, count: number) => utf8(`[${Array(count).fill(item).join(',')}]`);
  assert.notEqual(jsonOf('generic', {}, list('{"a":1}', maxMembers)), 'refused');
  assert.equal(jsonOf('generic', {}, list('{"a":1}', maxMembers + 1)), 'refused');
  assert.notEqual(jsonOf('generic', {}, list('0', maxValues)), 'refused');
  assert.equal(jsonOf('generic', {}, list('0', maxValues + 2)), 'refused');
});
