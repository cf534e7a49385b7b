/** The address corpus beside the checkout: URLs, what DNS says of them, and whether they may be reached. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

export interface AddressCase {
  id: string;
  url: string;
  expect: 'allow' | 'block';
  why: string;
  /** Experts differ; counted, and never wrong. */
  contested?: boolean;
  /** What DNS answers when the URL is saved. */
  dns?: Record<string, string[]>;
  /** What it answers at delivery. */
  then_dns?: Record<string, string[]>;
  must_not_connect?: string[];
  redirect?: { status: number; location: string };
  whatwg_host?: string | null;
}

const CORPUS = new URL('../../../shared/vectors/addresses.jsonl', import.meta.url);

/** All cases, or none where the corpus is not there; in CI it must be. */
export function addressCases(): readonly AddressCase[] {
  if (!existsSync(CORPUS)) {
    assert.equal(process.env.CI, undefined, 'the address corpus must be there in CI');
    return [];
  }
  const lines = readFileSync(CORPUS, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): AddressCase => JSON.parse(line));
}
