import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createGate } from '../../src/adapters/gate.ts';
import type { AddressPolicy } from '../../src/core/address.ts';
import type { Resolver, Vetted } from '../../src/ports.ts';

interface Case {
  id: string;
  url: string;
  expect: 'allow' | 'block';
  why: string;
  contested?: boolean;
  dns?: Record<string, string[]>;
  then_dns?: Record<string, string[]>;
  must_not_connect?: string[];
}

const CORPUS = new URL('../../../shared/vectors/addresses.jsonl', import.meta.url);
/** A production policy: nothing allowed, nothing known of the machine. */
const POLICY: AddressPolicy = { allowHttp: false, allowHosts: [], allowCidrs: [], ownAddresses: [], ownNames: [] };

function readCases(): Case[] {
  if (!existsSync(CORPUS)) {
    assert.equal(process.env.CI, undefined, 'the address corpus must be there in CI');
    return [];
  }
  const lines = readFileSync(CORPUS, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): Case => JSON.parse(line));
}

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

function told({ id, url, why }: Case, vetted: Vetted): string {
  return `${id} ${url}: ${vetted.kind === 'refused' ? vetted.refusal.message : vetted.kind} (${why})`;
}

const cases = readCases();

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
