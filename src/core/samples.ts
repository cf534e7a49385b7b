/** A sample of every event that Hookyard itself makes: what `POST …/{id}/test` sends and the OpenAPI document shows. */
import { eventOf } from './fact-event.ts';
import { sampleEvents } from './sample-events.ts';
import { sampleFacts } from './sample-facts.ts';

export interface Sample {
  type: string;
  /** A complete `data`. */
  data: Readonly<Record<string, unknown>>;
  /** One with null wherever null can be. */
  bare: Readonly<Record<string, unknown>>;
}

const LINEAGE = {
  receiptId: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a801',
  sourceId: '019a5b6e-8a00-7c3d-9f10-2b64d0f3a802',
};

/** What a source's facts become, in the words of the tables that make them. */
const read = sampleFacts.flatMap(({ full, bare }): Sample[] => {
  const made = eventOf(full, LINEAGE);
  const unsaid = eventOf(bare, LINEAGE);
  return made === null || unsaid === null ? [] : [{ ...made, bare: unsaid.data }];
});

export const samples: readonly Sample[] = [
  ...Object.entries(sampleEvents).map(([type, data]) => ({ type, data, bare: data })),
  ...read,
];

/** The event types a subscription can be tested with. */
export const sampleTypes: readonly string[] = samples.map(({ type }) => type);

/** The sample of a type; undefined where there is none. */
export function sampleOf(wanted: string): Sample | undefined {
  return samples.find(({ type }) => type === wanted);
}
