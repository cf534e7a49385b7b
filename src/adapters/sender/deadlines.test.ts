import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertFailure,
  assertResponse,
  receiver,
  request,
  sender,
  settled,
  targetOf,
} from '../../../test/support/outbound.ts';
import type { Receiver } from '../../../test/support/receiver.ts';
import { steppedClock } from '../../../test/support/stepped-clock.ts';
import type { Answer } from '../../core/attempt.ts';
import type { Gate, OutboundRequest } from '../../ports.ts';

/** Sends with a standing clock and moves it past the deadline once the receiver has the request. */
async function sendUntilDeadline(target: Receiver, more: Partial<OutboundRequest> = {}): Promise<Answer> {
  const clock = steppedClock();
  const answer = sender({ clock }).send(request(target.url, more));
  await target.waitFor((requests) => requests.length === 1);
  await settled(answer, clock);
  return answer;
}

describe('the deadline', () => {
  it('ends a wait for an answer', async () => {
    const answer = await sendUntilDeadline(await receiver({ kind: 'hang' }));
    assertFailure(answer, 'response_timeout');
    assert.equal(answer.facts.timeout, '10000');
    assert.ok(answer.phases.total >= 10_000);
  });

  it('ends a drip of headers', async () => {
    assertFailure(await sendUntilDeadline(await receiver({ kind: 'header_drip', everyMs: 2 })), 'response_timeout');
  });

  it('cuts a drip of the body, its status standing', async () => {
    const target = await receiver({ kind: 'body_drip', everyMs: 2, status: 202 });
    // On the real clock: nothing outside tells when the status has come in.
    const cut = await sender().send(request(target.url, { timeoutMs: 3000 }));
    assertResponse(cut);
    assert.deepEqual([cut.status, cut.truncated, cut.length], [202, true, null]);
  });

  it('ends a request that the receiver does not read', async () => {
    const target = await receiver({ kind: 'stop_reading' });
    const answer = await sender().send(request(target.url, { body: Buffer.alloc(32 << 20), timeoutMs: 700 }));
    assertFailure(answer, 'request_timeout');
    assert.equal(answer.facts.ms, '700');
  });

  it('covers the lookup of the name', async () => {
    const clock = steppedClock();
    const gate: Gate = { vet: () => new Promise(() => {}) };
    const answer = sender({ clock, gate }).send(request('http://slow.test/'));
    clock.advance(10_050);
    assertFailure(await answer, 'dns_timeout');
  });

  it('covers a lookup and a wait together', async () => {
    const target = await receiver({ kind: 'hang' });
    const clock = steppedClock();
    const gate: Gate = {
      async vet(url) {
        clock.advance(8000);
        return { kind: 'allowed', target: targetOf(url, ['127.0.0.1']) };
      },
    };
    const answer = sender({ clock, gate }).send(request(`http://name.test:${target.port}/`));
    await target.waitFor((requests) => requests.length === 1);
    clock.advance(2050);
    const ended = await answer;
    assertFailure(ended, 'response_timeout');
    assert.equal(ended.phases.dns, 8000);
    assert.ok(ended.phases.total < 10_100);
  });

  it('is noticed at most 50 ms late', async () => {
    const target = await receiver({ kind: 'hang' });
    const clock = steppedClock();
    const answer = sender({ clock }).send(request(target.url, { timeoutMs: 1010 }));
    await target.waitFor((requests) => requests.length === 1);
    clock.advance(1060);
    const ended = await answer;
    assert.ok(ended.phases.total <= 1060);
  });
});
