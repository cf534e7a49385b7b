/** API keys as the API takes and shows them. */
import { textInput } from '../text-input.ts';
import { timeInput } from '../time-input.ts';
import { time, uuid } from './values.ts';
import { z } from './zod.ts';

const role = z.enum(['admin', 'operator', 'viewer', 'publisher']);

/** The fields a caller sets. */
export const keyInput = z
  .strictObject({ name: textInput(1, 200), role, expiresAt: timeInput.nullable().optional() })
  .openapi('KeyInput');

/** A key as shown; the key itself only once. */
export const keyShown = z
  .object({
    id: uuid,
    name: z.string(),
    role,
    prefix: z.string().openapi({ description: 'The first characters of the key.' }),
    key: z.string().optional().openapi({ description: 'The key, in the answer that makes it and nowhere else.' }),
    createdAt: time,
    expiresAt: time.nullable(),
    lastUsedAt: time.nullable(),
    revokedAt: time.nullable(),
  })
  .openapi('Key');
