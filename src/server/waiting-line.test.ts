import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWaitingLine } from './waiting-line.ts';

/** A line of these, each told by its sender and a number: `a1` is of `a`. */
function lineOf(...ones: readonly string[]) {
  const line = createWaitingLine<string>();
  const senderOf = (one: string) => one.charAt(0);
  for (const one of ones) line.add(senderOf(one), one);
  const leave = (one: string, hadTurn = false) => line.remove(senderOf(one), one, hadTurn);
  const goAll = () => {
    const gone: string[] = [];
    for (let one = line.next(); one !== null; one = line.next()) {
      gone.push(one);
      leave(one, true);
    }
    return gone;
  };
  return { line, leave, goAll };
}

test('senders take turns, and of each the first to come goes first', () => {
  const { line, goAll } = lineOf('a1', 'a2', 'a3', 'b1', 'c1', 'b2');
  assert.equal(line.size, 6);
  assert.deepEqual(goAll(), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  assert.equal(line.size, 0);
});

test('who gives up waits no more, and costs its sender no turn', () => {
  const { line, leave, goAll } = lineOf('a1', 'a2', 'b1');
  assert.equal(leave('a1'), true);
  assert.equal(leave('a1'), false);
  assert.equal(line.size, 2);
  assert.deepEqual(goAll(), ['a2', 'b1']);
});

test('the last of the sender of whom the most wait makes way for another, not for its own', () => {
  const { line } = lineOf('a1', 'a2', 'a3', 'b1');
  assert.equal(line.displacedBy('c'), 'a3');
  assert.equal(line.displacedBy('b'), 'a3');
  assert.equal(line.displacedBy('a'), null);
  assert.equal(lineOf('a1', 'b1').line.displacedBy('c'), null);
  assert.equal(lineOf('a1', 'a2', 'b1').line.displacedBy('b'), null);
});
