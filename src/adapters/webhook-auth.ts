import { createWebhookAuth, type WebhookAuth } from '../core/signature/validate.ts';
import { createMac } from './mac.ts';

/** Seed 001's `WebhookAuth`, for programs that verify by themselves what they were sent. Neither ever throws. */
export const { validateSignature, validateToken }: WebhookAuth = createWebhookAuth(createMac());
