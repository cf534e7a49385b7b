/** What became of every push: in the end each is one receipt, one event, and one delivery. */
import { eventually } from '../support/eventually.ts';
import type { Answer, Api } from '../support/hookyard.ts';
import type { PushSink } from './push-sink.ts';

export interface ReceiptVerdict {
  broken: readonly string[];
  figures: Readonly<Record<string, number>>;
}

export interface ReceiptSeen {
  id: string;
  outcome: string;
  facts: { tag: string }[];
  effects: { id: string }[];
}

export interface Seen {
  receipts: readonly ReceiptSeen[];
  events: readonly { id: string; data: { image: { tag: string } } }[];
}

/** What the senders saw. */
export interface Sent {
  held: number;
  /** Answers that never came. */
  cut: number;
  answerMs: readonly number[];
  /** Of those who posted beside the task. */
  meanwhileMs: readonly number[];
}

/** All receipts of a source. */
export function receiptsOf(api: Api, sourceId: string, more = ''): Promise<ReceiptSeen[]> {
  return allOf(api, `/api/v1/receipts?sourceId=${sourceId}&limit=200${more}`);
}

/** What there is of these sources, and of all events. */
export async function seenOf(api: Api, sources: readonly string[]): Promise<Seen> {
  const receipts = (await Promise.all(sources.map((id) => receiptsOf(api, id)))).flat();
  return { receipts, events: await allOf(api, '/api/v1/events?type=image.pushed&limit=200') };
}

async function allOf<Item>(api: Api, path: string): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Answer<Item[]> = await pageOf(api, cursor === '' ? path : `${path}&cursor=${cursor}`);
    all.push(...page.data);
    cursor = page.meta.nextCursor;
  }
  return all;
}

/** Asks again while the store is away. */
function pageOf<Item>(api: Api, path: string): Promise<Answer<Item[]>> {
  return eventually(`an answer to ${path}`, async () => {
    const page = await api<Item[]>('GET', path);
    if (page.status !== 200 && page.status !== 503) throw new Error(`${path} was answered ${page.text}`);
    return page.status === 200 ? page : null;
  });
}

/** Compares what was sent with what there is. */
export function judge(
  tags: readonly string[],
  { receipts, events }: Seen,
  { told }: Pick<PushSink, 'told'>,
  { held, cut, answerMs, meanwhileMs }: Sent,
): ReceiptVerdict {
  const firsts = receipts.filter(({ outcome }) => outcome !== 'duplicate');
  const named = {
    receipts: firsts.map(({ facts }) => facts[0]?.tag ?? 'nothing'),
    events: events.map(({ data }) => data.image.tag),
    deliveries: [...told].flatMap(([tag, ids]) => [...new Set(ids)].map(() => tag)),
  };
  const broken = [
    ...Object.entries(named).flatMap(([what, found]) => miscounted(what, tags, found)),
    ...firsts.filter(({ effects }) => effects.length !== 1).map(({ id }) => `the receipt ${id} has not one effect`),
  ];
  const tries = [...told.values()].reduce((sum, ids) => sum + ids.length, 0);
  const figures = {
    'pushes sent': tags.length,
    'held by the paused source': held,
    'answers that never came': cut,
    'sent again and told as duplicates': receipts.length - firsts.length,
    'deliveries tried again after a kill': tries - tags.length,
    'p95 of answers, ms': p95(answerMs),
    'p95 of answers beside the task, ms': p95(meanwhileMs),
  };
  return { broken, figures };
}

/** Every tag has to be there exactly once. */
function miscounted(what: string, tags: readonly string[], found: readonly string[]): string[] {
  const counts = Map.groupBy(found, (tag) => tag);
  const wrong = tags.filter((tag) => counts.get(tag)?.length !== 1);
  const strange = [...counts.keys()].filter((tag) => !tags.includes(tag));
  return [
    ...wrong.map((tag) => `${what}: ${counts.get(tag)?.length ?? 0} of ${tag}`),
    ...strange.map((tag) => `${what}: nobody sent ${tag}`),
  ];
}

function p95(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(0.95 * values.length)] ?? 0);
}
