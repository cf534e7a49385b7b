import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createGate } from '../../src/adapters/gate.ts';
import type { AddressPolicy } from '../../src/core/address.ts';
import { describeFailure } from '../../src/core/failure.ts';
import { vetReceiver } from '../../src/flows/vet-receiver.ts';
import type { Resolver, Vetted } from '../../src/ports.ts';
import { type AddressCase, addressCases } from '../support/address-corpus.ts';
import { request, sender } from '../support/outbound.ts';

/** A production policy: nothing allowed, nothing known of the machine. */
const POLICY: AddressPolicy = { allowHttp: false, allowHosts: [], allowCidrs: [], ownAddresses: [], ownNames: [] };

/** A name the corpus has no answer for must have been judged before any lookup. */
function answering(dns: Record<string, string[]>): Resolver {
  return {
    async resolve(host) {
      const addresses = dns[host] ?? assert.fail(`${host} was looked up`);
      return addresses.length > 0 ? { kind: 'answers', addresses } : { kind: 'failed', failure: 'not_found' };
    },
  };
}

function vet(url: string, dns: Record<string, string[]>): Promise<Vetted> {
  return createGate({ resolver: answering(dns), policy: POLICY }).vet(url, 1000);
}

function told({ id, url, why }: AddressCase, vetted: Vetted): string {
  return `${id} ${url}: ${vetted.kind === 'refused' ? vetted.refusal.message : vetted.kind} (${why})`;
}

const cases = addressCases();

describe('the address corpus', () => {
  test('every uncontested URL gets its verdict, contested ones are counted', async (t) => {
    const wrong: string[] = [];
    const contested: string[] = [];
    for (const row of cases) {
      const vetted = await vet(row.url, row.dns ?? {});
      if ((vetted.kind === 'allowed') === (row.expect === 'allow')) continue;
      (row.contested ? contested : wrong).push(told(row, vetted));
    }
    const total = cases.filter((row) => row.contested).length;
    t.diagnostic(
      `${cases.length} URLs, ${wrong.length} wrong; ${contested.length} of ${total} contested judged otherwise`,
    );
    assert.deepEqual(wrong, []);
  });

  test('what is refused is refused in the same words when it is saved and when it is delivered', async () => {
    for (const row of cases) {
      const gate = createGate({ resolver: answering(row.dns ?? {}), policy: POLICY });
      const refusal = await vetReceiver({ gate }, row.url);
      if (refusal === null) continue;
      const answer = await sender({ gate }).send(request(row.url));
      assert.ok(answer.kind === 'failure', row.id);
      const { error, remedy } = describeFailure(answer.code, answer.facts);
      const words = answer.code === 'ssrf_blocked' ? `${error} ${remedy}` : error;
      assert.deepEqual(refusal.errors, [{ pointer: '/url', message: words }], row.id);
      assert.equal(refusal.detail, error);
    }
  });

  test('no allowed URL leads to an address that must not be connected to, whatever DNS says later', async () => {
    for (const row of cases.filter((each) => each.must_not_connect !== undefined)) {
      for (const dns of [row.dns ?? {}, row.then_dns ?? row.dns ?? {}]) {
        const vetted = await vet(row.url, dns);
        const reached = vetted.kind === 'allowed' ? vetted.target.addresses : [];
        const forbidden = row.must_not_connect ?? [];
        assert.deepEqual(
          reached.filter((address) => forbidden.includes(address)),
          [],
          told(row, vetted),
        );
      }
    }
  });
});
