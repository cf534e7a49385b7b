/** Payloads of anything else, by the source's mapping; without one, the generic format of seed 001. */
import type { Mapping } from '../mapping.ts';
import { readMapped } from './mapped.ts';
import type { Reader } from './reading.ts';

const WITHOUT_MAPPING: Mapping = { repository: 'repository', tag: 'tag', digest: 'digest', time: 'pushedAt' };

/** Reads one push. */
export const readGeneric: Reader = (input) => readMapped(input, input.mapping ?? WITHOUT_MAPPING);
