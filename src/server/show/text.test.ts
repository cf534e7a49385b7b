import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showBeginning, showExactly } from './text.ts';

const utf8 = new TextEncoder();

test('a beginning ends with a whole character', () => {
  const body = utf8.encode('a€b');
  for (const [maxBytes, text] of [
    [1, 'a'],
    [2, 'a'],
    [3, 'a'],
    [4, 'a€'],
  ] as const) {
    assert.deepEqual(showBeginning(body, maxBytes), { text, truncated: true });
    const exactly = { body: text, bodyEncoding: 'utf8', bodyTruncated: true };
    assert.deepEqual(showExactly(body.subarray(0, maxBytes), true), exactly);
  }
  assert.deepEqual(showBeginning(body, 5), { text: 'a€b', truncated: false });
  assert.deepEqual(showBeginning(null, 5), { text: null, truncated: false });
});

test('what is left of a cut character does not begin the next text', () => {
  showExactly(utf8.encode('€').subarray(0, 2), true);
  assert.equal(showExactly(utf8.encode('abc'), false).body, 'abc');
});

test('bytes that are no text are shown in base64, and half a character at the end of a whole body is no text', () => {
  const noText = Uint8Array.of(0xff, 0x61);
  const encoded = { body: '/2E=', bodyEncoding: 'base64', bodyTruncated: true };
  assert.deepEqual(showExactly(noText, true), encoded);
  assert.equal(showExactly(utf8.encode('€').subarray(0, 2), false).bodyEncoding, 'base64');
});
