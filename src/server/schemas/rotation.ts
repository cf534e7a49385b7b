import { MAX_GRACE_SECONDS } from '../../core/retiring.ts';
import { DEFAULT_GRACE_SECONDS } from '../../core/rotation.ts';
import { textInput } from '../text-input.ts';
import { z } from './zod.ts';

/** What `POST …/secret/rotate` takes. */
export const rotationInput = z
  .strictObject({
    graceSeconds: z
      .int()
      .min(0)
      .max(MAX_GRACE_SECONDS)
      .optional()
      .openapi({
        description: `How long the old secret goes on signing beside the new one; ${DEFAULT_GRACE_SECONDS} unless told. 0 ends it at once, and those of earlier rotations with it; to the \`secret\` in use it ends the old ones alone.`,
      }),
    secret: textInput(1, 1024).optional().openapi({ description: 'The new secret; one is generated unless told.' }),
  })
  .openapi('SecretRotation');
