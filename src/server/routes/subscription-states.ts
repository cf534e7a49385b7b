import { changeSubscription } from '../../flows/change-subscription.ts';
import { pauseSubscription } from '../../flows/pause-subscription.ts';
import { type Rotation, rotateSecret } from '../../flows/rotate-secret.ts';
import { overtakenBy } from '../../flows/sealed-configuration.ts';
import { MAY_CHANGE } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { answerOf } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { rotationInput } from '../schemas/rotation.ts';
import { subscriptionShown } from '../schemas/subscription.ts';
import { courseOf, find, ONE, shownAnswer, TAG } from './one-subscription.ts';
import { pauseRoutes } from './pausing.ts';

const AS_IT_STANDS = { status: 200, description: 'The subscription as it stands now.', schema: subscriptionShown };

/** Pausing, resuming and switching a subscription on, and giving it another signing secret. */
export function subscriptionStateEndpoints(server: Server): readonly Endpoint[] {
  return [...PAUSING.map((row) => pausing(server, row)), enable(server), rotate(server)];
}

const PAUSING = pauseRoutes({
  path: ONE,
  noun: 'Subscription',
  tag: TAG,
  words: {
    pause: {
      summary: 'Hold back what a subscription would be sent',
      description:
        'Events still become deliveries; they are held and do not age until it is resumed. A try that is on its way is not interrupted, and where several processes send, tries may begin for a second more. Pausing a paused one changes nothing: `pausedAt` stays.',
    },
    resume: {
      summary: 'Send what a pause has held back',
      description:
        'What was held is sent oldest first, within `maxConcurrency` and `rateLimit`, few at a time to begin with. Resuming one that is not paused changes nothing.',
    },
  },
});

function pausing(server: Server, { paused, fixed }: (typeof PAUSING)[number]): Endpoint {
  return keyed(server, {
    ...fixed,
    conditional: true,
    success: AS_IT_STANDS,
    problems: ['subscription_disabled', 'secret_unavailable'],
    run: async ({ caller, id, ifVersion }) => {
      const outcome = await pauseSubscription(server.ports, { tenant: caller.tenant, id, paused, ifVersion });
      if (outcome.kind === 'problem') return outcome;
      return shownAnswer(server, 200, outcome.subscription, await courseOf(server, outcome.subscription));
    },
  });
}

function enable(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/enable`,
    operationId: 'enableSubscription',
    tag: TAG,
    summary: 'Switch a disabled subscription on again',
    description:
      'It is active then, whoever switched it off, a person or its failures, and whether it was paused before or not. One that is not disabled is left as it is.',
    roles: MAY_CHANGE,
    conditional: true,
    success: AS_IT_STANDS,
    problems: ['secret_unavailable'],
    run: async ({ caller, id, ifVersion }) => {
      const found = await find(server, caller.tenant, id);
      if (found.kind === 'problem') return found;
      const request = { tenant: caller.tenant, id, patch: {}, cleared: true, ifVersion } as const;
      const isOn = found.subscription.state.kind !== 'disabled';
      const standing = overtakenBy(found.subscription, ifVersion) ?? found;
      const outcome = isOn ? standing : await changeSubscription(server.ports, request);
      if (outcome.kind === 'problem') return outcome;
      return shownAnswer(server, 200, outcome.subscription, await courseOf(server, outcome.subscription));
    },
  });
}

function rotate(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/secret/rotate`,
    operationId: 'rotateSecret',
    tag: TAG,
    summary: 'Give a subscription a new signing secret',
    description:
      'The old one signs beside it until `oldSecretsUntil`: a receiver may change over at any time before. A generated secret is shown in this answer alone.',
    roles: MAY_CHANGE,
    conditional: true,
    body: rotationInput,
    bodyOptional: true,
    success: AS_IT_STANDS,
    problems: ['rotation_refused', 'secret_unavailable'],
    run: async ({ caller, id, body, claims, ifVersion }) => {
      const found = await find(server, caller.tenant, id);
      if (found.kind === 'problem') return found;
      const course = await courseOf(server, found.subscription);
      const show = ({ subscription, generatedSecret }: Rotation) =>
        shownAnswer(server, 200, subscription, course, generatedSecret);
      const outcome = await rotateSecret(server.ports, {
        tenant: caller.tenant,
        id,
        ...body,
        ifVersion,
        claims: (made) => claims.for(show(made)),
      });
      return answerOf(outcome, claims, show);
    },
  });
}
