import type { Endpoint, RouteSpec } from '../endpoint.ts';
import type { Server } from '../options.ts';
import { type Answer, flatAnswer } from '../respond.ts';
import { z } from '../schemas/zod.ts';

const open = {
  method: 'GET',
  tag: 'System',
  node: 'any',
  roles: 'open',
  problems: ['internal'],
} as const satisfies Partial<RouteSpec>;

const healthSpec: RouteSpec = {
  ...open,
  path: '/healthz',
  operationId: 'health',
  summary: 'Whether the process lives',
  success: { status: 200, description: 'It does.', schema: z.object({ status: z.literal('ok') }), flat: true },
};

const readySpec: RouteSpec = {
  ...open,
  path: '/readyz',
  operationId: 'readiness',
  summary: 'Whether this instance can do its work now',
  success: {
    status: 200,
    description: 'It can.',
    schema: z.object({ ready: z.boolean(), checks: z.record(z.string(), z.string()) }).openapi('Readiness'),
    flat: true,
  },
  alternatives: { 503: 'It cannot; `checks` says why.' },
};

const metricsSpec: RouteSpec = {
  ...open,
  path: '/metrics',
  operationId: 'metrics',
  summary: 'Metrics for Prometheus',
  description: 'Open like `/healthz`: it holds counts and no names. Keep it off the public side of a proxy.',
  success: { status: 200, description: 'The text exposition.', contentType: 'text/plain' },
};

const documentSpec: RouteSpec = {
  ...open,
  path: '/api/v1/openapi.json',
  operationId: 'openapi',
  summary: 'This document',
  success: { status: 200, description: 'OpenAPI 3.1.', schema: z.looseObject({}), flat: true },
};

/**
 * Probes, metrics and the document.
 * @param document makes the OpenAPI document; called once, when it is first asked for
 */
export function systemEndpoints({ ports, options, load }: Server, document: () => unknown): readonly Endpoint[] {
  let described: Answer | undefined;
  return [
    { spec: healthSpec, handle: async () => flatAnswer(200, { status: 'ok' }) },
    {
      spec: readySpec,
      handle: async () => {
        const readiness = await options.readiness();
        return flatAnswer(readiness.ready ? 200 : 503, readiness);
      },
    },
    {
      spec: metricsSpec,
      handle: async () => {
        // Set when asked for: on each request they would cost the hot path.
        ports.metrics.gauge('requests_in_flight', load.inFlight);
        ports.metrics.gauge('request_bytes_in_flight', load.bytes);
        const headers = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' };
        return { kind: 'answer', status: 200, headers, body: await ports.metrics.expose() };
      },
    },
    {
      spec: documentSpec,
      handle: async () => {
        described ??= flatAnswer(200, document());
        return described;
      },
    },
  ];
}
