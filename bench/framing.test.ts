import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFraming } from './framing.ts';

function messagesIn(chunks: readonly Buffer[]): string[] {
  const messages: string[] = [];
  const take = createFraming((bytes) => messages.push(bytes.toString('latin1')));
  for (const chunk of chunks) take(chunk);
  return messages;
}

describe('messages of one connection', () => {
  const answers = [
    'HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nx: y\r\n\r\n',
    'POST / HTTP/1.1\r\ncontent-length: 20\r\n\r\ncontent-length: 99\r\n',
  ];

  it('are told apart however they are cut into chunks', () => {
    const all = Buffer.from(answers.join(''), 'latin1');
    const cuts = fc.array(fc.integer({ min: 0, max: all.length }), { maxLength: 6 });
    const property = fc.property(cuts, (places) => {
      const edges = [0, ...places.toSorted((a, b) => a - b), all.length];
      const chunks = edges.slice(1).map((edge, nth) => all.subarray(edges[nth], edge));
      assert.deepEqual(messagesIn(chunks), answers);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('without a length are refused instead of guessed', () => {
    assert.throws(
      () => messagesIn([Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')]),
      /no content-length/,
    );
  });
});
