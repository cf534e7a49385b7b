import type { LiveSource } from '../../flows/configuration.ts';
import { pauseSource } from '../../flows/pause-source.ts';
import { regenerateUrl } from '../../flows/regenerate-url.ts';
import { rotateSourceSecret } from '../../flows/rotate-source-secret.ts';
import type { MadeSource } from '../../flows/sources.ts';
import { MAY_CHANGE } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { answerOf } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { regenerateInput, sourceRotationInput, sourceShown } from '../schemas/source.ts';
import { ONE, shownAnswer, TAG, viewOf, viewOfOne } from './one-source.ts';
import { pauseRoutes } from './pausing.ts';

const AS_IT_STANDS = { status: 200, description: 'The source as it stands now.', schema: sourceShown };

/** Pausing and resuming a source, and giving it another secret or secret URL. */
export function sourceStateEndpoints(server: Server): readonly Endpoint[] {
  return [...PAUSING.map((row) => pausing(server, row)), regenerate(server), rotate(server)];
}

const PAUSING = pauseRoutes({
  path: ONE,
  noun: 'Source',
  tag: TAG,
  words: {
    pause: {
      summary: 'Accept and hold what a source gets',
      description:
        'Requests are proved, answered and kept as before, with the outcome `held`; nothing is made of them until it is resumed. Pausing a paused one changes nothing: `pausedAt` stays.',
    },
    resume: {
      summary: 'Work through what a pause has held',
      description:
        'Oldest first, in the background, by the configuration that stands then. Resuming one that is not paused changes nothing.',
    },
  },
});

function pausing(server: Server, { paused, fixed }: (typeof PAUSING)[number]): Endpoint {
  return keyed(server, {
    ...fixed,
    success: AS_IT_STANDS,
    problems: ['secret_unavailable'],
    run: async (call) => {
      const outcome = await pauseSource(server.ports, { tenant: call.caller.tenant, id: call.id, paused });
      if (outcome.kind === 'problem') return outcome;
      return shownAnswer(200, outcome.source, await viewOfOne(server, call, outcome.source));
    },
  });
}

function regenerate(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/regenerate-url`,
    operationId: 'regenerateUrl',
    tag: TAG,
    summary: 'Give a source a new secret URL',
    description:
      'The old one answers 404 at once, or when the grace that is asked for ends. With `keepCurrent` only those that it has replaced end, and it stays.',
    roles: MAY_CHANGE,
    conditional: true,
    body: regenerateInput,
    bodyOptional: true,
    success: { status: 200, description: 'The source with its new URL.', schema: sourceShown },
    problems: ['rotation_refused', 'secret_unavailable'],
    run: async (call) => {
      const show = ({ source }: { source: LiveSource }) =>
        shownAnswer(200, source, { ...viewOf(server, call), isMaker: call.body?.keepCurrent !== true });
      const outcome = await regenerateUrl(server.ports, {
        tenant: call.caller.tenant,
        id: call.id,
        ...call.body,
        ifVersion: call.ifVersion,
        claims: (made) => call.claims.for(show(made)),
      });
      return answerOf(outcome, call.claims, show);
    },
  });
}

function rotate(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/secret/rotate`,
    operationId: 'rotateSourceSecret',
    tag: TAG,
    summary: 'Give a source a new secret',
    description:
      'The old one proves senders beside it until `oldSecretsUntil`: a sender may change over at any time before. A generated secret is shown in this answer alone.',
    roles: MAY_CHANGE,
    conditional: true,
    body: sourceRotationInput,
    bodyOptional: true,
    success: AS_IT_STANDS,
    problems: ['rotation_refused', 'secret_unavailable'],
    run: async (call) => {
      const show = ({ source, generatedSecret }: MadeSource) =>
        shownAnswer(200, source, { ...viewOf(server, call), generatedSecret });
      const outcome = await rotateSourceSecret(server.ports, {
        tenant: call.caller.tenant,
        id: call.id,
        ...call.body,
        ifVersion: call.ifVersion,
        claims: (made) => call.claims.for(show(made)),
      });
      return answerOf(outcome, call.claims, show);
    },
  });
}
