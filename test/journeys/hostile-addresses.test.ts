import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AddressCase, addressCases } from '../support/address-corpus.ts';
import { networkLack, runInNetwork } from '../support/private-network.ts';
import type { Outcome } from './hostile-network.ts';

const RUN = fileURLToPath(new URL('./hostile-network.ts', import.meta.url));
const lack = networkLack();
const cases = lack === null ? addressCases() : [];
const outcomes: readonly Outcome[] = cases.length === 0 ? [] : JSON.parse(await runInNetwork(RUN));
const outcomeOf = new Map(outcomes.map((outcome) => [outcome.id, outcome]));

function told(one: AddressCase, outcome: Outcome): string {
  return `${one.id} ${one.url.slice(0, 80)} (${one.why}): ${JSON.stringify(outcome)}`;
}

/** Cases that were run and are `wanted`, with what came of them. */
function those(wanted: (one: AddressCase) => boolean): readonly (readonly [AddressCase, Outcome])[] {
  return cases.filter(wanted).flatMap((one) => {
    const outcome = outcomeOf.get(one.id);
    return outcome === undefined ? [] : [[one, outcome] as const];
  });
}

const isBlocked = ({ expect, contested }: AddressCase) => expect === 'block' && contested !== true;
const isAllowed = ({ expect, contested }: AddressCase) => expect === 'allow' && contested !== true;
const OFF_THE_WIRE = 2;

describe('the address corpus in a network where every address leads here', () => {
  test('was run, but for what no DNS packet can carry, or cannot be run on this machine', (t) => {
    t.diagnostic(lack ?? `${outcomes.length} of ${cases.length} cases`);
    if (cases.length > 0) assert.equal(outcomes.length, cases.length - OFF_THE_WIRE);
  });

  test('what must be blocked is blocked in the same words at create, test and delivery, and nothing is reached', () => {
    for (const [one, outcome] of those(isBlocked)) {
      const { create, test, delivery, reached } = outcome;
      assert.deepEqual([create.verdict, reached], ['blocked', []], told(one, outcome));
      assert.deepEqual([test, delivery], [create, create], told(one, outcome));
    }
  });

  test('what must be allowed is reached where DNS says, and nowhere else', () => {
    for (const [one, outcome] of those((each) => isAllowed(each) && each.then_dns === undefined)) {
      const { create, test, delivery, reached } = outcome;
      assert.deepEqual(
        [create.verdict, test?.verdict, delivery?.verdict],
        Array(3).fill('allowed'),
        told(one, outcome),
      );
      const [address = new URL(one.url).hostname.replace(/^\[|\]$/g, '')] = Object.values(one.dns ?? {}).flat();
      assert.deepEqual(reached, [address], told(one, outcome));
    }
  });

  test('what DNS says otherwise once it is saved is blocked in the same words at test and delivery', () => {
    for (const [one, outcome] of those(({ then_dns }) => then_dns !== undefined)) {
      const { create, test, delivery, reached } = outcome;
      assert.deepEqual([create.verdict, test?.verdict, reached], ['allowed', 'blocked', []], told(one, outcome));
      assert.deepEqual(test, delivery, told(one, outcome));
    }
  });

  test('nothing that must not be connected to was, whoever is right about the contested ones', () => {
    for (const [one, outcome] of those(({ must_not_connect }) => must_not_connect !== undefined)) {
      const wrong = outcome.reached.filter((address) => one.must_not_connect?.includes(address));
      assert.deepEqual(wrong, [], told(one, outcome));
    }
  });
});
