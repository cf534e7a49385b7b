import { describe, test } from 'node:test';
import type { Store } from '../../src/ports/store.ts';

/** A store with the handles that only a test may turn. */
export interface StoreUnderTest {
  /** The store as it is now; another object after `crash`. */
  readonly store: Store;
  /** Moves engine time forward by `ms`. */
  advance(ms: number): Promise<void>;
  /** Kills the store without closing it and opens it again on the same data. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

/** Opens an empty store; `shards` is what a fresh install would fix. */
export type OpenStore = (options?: { shards?: number }) => Promise<StoreUnderTest>;

/** One sentence of the contract, proved on a fresh store. */
export type Sentence = (
  sentence: string,
  prove: (under: StoreUnderTest) => Promise<void>,
  options?: { shards?: number },
) => void;

/** One chapter of the contract: says its sentences. */
export type Chapter = (sentence: Sentence) => void;

/** Runs chapters of the contract against the stores that `open` yields. */
export function describeChapters(name: string, open: OpenStore, chapters: Readonly<Record<string, Chapter>>): void {
  for (const [title, chapter] of Object.entries(chapters)) {
    void describe(`${name} store: ${title}`, () => chapter(sentenceOn(open)));
  }
}

function sentenceOn(open: OpenStore): Sentence {
  return (sentence, prove, options) => {
    void test(sentence, async () => {
      const under = await open(options);
      try {
        await prove(under);
      } finally {
        await under.close();
      }
    });
  };
}
