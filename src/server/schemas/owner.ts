import { isOwnerPath } from '../../core/owner.ts';
import { OWNER_WORDS } from '../event-rules.ts';
import { z } from './zod.ts';

/** `?owner=` of every list that has it. */
export const ownerQuery = z
  .string()
  .refine(isOwnerPath, { error: OWNER_WORDS })
  .optional()
  .openapi({ description: 'This owner path and what is below it.', example: 'org:7' });
