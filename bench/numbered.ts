/** Any number of subscriptions that take their turn at one stream: each wants the type of its own number. */
import type { Cluster } from './cluster.ts';
import { publishRequest, sizedBody } from './event.ts';
import type { Receiver } from './prepared.ts';
import type { Stream } from './stream.ts';
import { numberedType } from './turn.ts';

/** In which they are all counted. */
export const NUMBERED = 'numbered';
export const EVENT_BYTES = 2048;
const DEAD: Receiver = { group: 'dead', eventType: 'bench.dead' };

/** One that nobody publishes for, for a backlog; then the numbered ones. */
export function numberedReceivers(count: number): Receiver[] {
  return [DEAD, ...Array.from({ length: count }, (_, nth) => ({ group: NUMBERED, eventType: numberedType(nth) }))];
}

/** One request for all of them, spread over the nodes. */
export function numberedStream(
  { nodes }: Pick<Cluster, 'nodes'>,
  subscriptions: number,
  at: Pick<Stream, 'connections' | 'perSecond'>,
): Stream {
  const [{ url, apiKey } = { url: '', apiKey: '' }] = nodes;
  const request = publishRequest(url, apiKey, sizedBody(numberedType(0), EVENT_BYTES)).toString('latin1');
  const ports = nodes.map(({ port }) => port);
  return { ...at, ports, requests: [{ group: NUMBERED, request, types: subscriptions }] };
}
