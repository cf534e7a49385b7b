/** What tests of the sender share: receivers and senders that close by themselves, and a gate that lets all pass. */
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { systemClock } from '../../src/adapters/clock.ts';
import { createSender, type SenderOptions } from '../../src/adapters/sender.ts';
import type { CheckedTarget } from '../../src/core/address.ts';
import type { Answer, FailureAnswer, ResponseAnswer } from '../../src/core/attempt.ts';
import type { Clock, Gate, OutboundRequest, Sender } from '../../src/ports.ts';
import { type Receiver, type ReceiverOptions, type Script, startReceiver } from './receiver.ts';
import type { SteppedClock } from './stepped-clock.ts';

const afterwards: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of afterwards.splice(0).reverse()) await undo();
});

/** A receiver that closes after the test. */
export async function receiver(script?: Script, options?: ReceiverOptions): Promise<Receiver> {
  const started = await startReceiver(options);
  if (script) started.respond(script);
  afterwards.push(started.close);
  return started;
}

/** A gate that allows everything and says that it leads to `addresses`. */
export function gateTo(...addresses: string[]): Gate {
  return { vet: async (url) => ({ kind: 'allowed', target: targetOf(url, addresses) }) };
}

/** What the gate would make of a URL. */
export function targetOf(url: string, addresses: readonly string[]): CheckedTarget {
  const { href, protocol, hostname: host, port, host: hostHeader, origin, pathname, search } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new Error('not a URL of a receiver');
  const literal = /^[\d.]+$/.test(host);
  return { href, protocol, host, port: Number(port), hostHeader, origin, literal, path: pathname + search, addresses };
}

interface Setup {
  gate?: Gate;
  clock?: Clock;
  options?: SenderOptions;
}

/** A sender that closes after the test; by default on the real clock and with a gate to 127.0.0.1. */
export function sender(setup: Setup = {}): Sender {
  const created = createSender({ gate: gateTo('127.0.0.1'), clock: systemClock, ...setup });
  afterwards.push(created.close);
  return created;
}

/** A small POST with a deadline of 10 s. */
export function request(url: string, more: Partial<OutboundRequest> = {}): OutboundRequest {
  const headers = { 'content-type': 'application/json' };
  const tls = { verify: true, ca: null };
  return { url, method: 'POST', headers, body: Buffer.from('{"a":1}'), timeoutMs: 10_000, tls, ...more };
}

/** Fails unless an HTTP answer came. */
export function assertResponse(answer: Answer): asserts answer is ResponseAnswer {
  assert.equal(answer.kind, 'response', JSON.stringify(answer));
}

/** Fails unless the send failed as `code`. */
export function assertFailure(answer: Answer, code: string): asserts answer is FailureAnswer {
  assert.equal(answer.kind === 'failure' ? answer.code : answer.status, code, JSON.stringify(answer));
}

/** Moves the clock by a second whenever the loop is idle, until the promise is settled. */
export async function settled(promise: Promise<unknown>, clock: SteppedClock): Promise<void> {
  let done = false;
  const finish = () => {
    done = true;
  };
  void promise.then(finish, finish);
  while (!done) {
    clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
