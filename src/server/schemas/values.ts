/** Values that are shown alike wherever they stand. */
import { z } from './zod.ts';

/** An id. */
export const uuid = z.string().openapi({ format: 'uuid' });

/** A time in ISO-8601, in UTC. */
export const time = z.string().openapi({ format: 'date-time' });
