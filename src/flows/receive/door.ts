/** Finding the source that a request came for. Whatever is wrong, the same work is done before that is told. */
import { isAmong } from '../../core/address/networks.ts';
import { mayAsk } from '../../core/handshake.ts';
import { type Id, isId } from '../../core/ids.ts';
import { GROUP_ROUTES, SOURCE_TYPES, type SourceGroup } from '../../core/source.ts';
import type { Ports } from '../../ports.ts';
import type { LiveConfiguration, LiveSource } from '../configuration.ts';
import type { OpenSource } from '../sources.ts';

/** Which door a request came to. */
export type Door = { kind: 'typed'; route: string; sourceId: string } | { kind: 'secret'; key: string };

export interface InboundRequest {
  tenant: Id;
  door: Door;
  method: string;
  /** In the order received, repeated ones kept. */
  headers: readonly (readonly [string, string])[];
  body: Uint8Array;
  /** Whom it came from, as far as trusted proxies tell. */
  remoteAddress: string | null;
}

export type Found =
  | { kind: 'source'; source: OpenSource }
  /** Unknown, disabled, wrong method, wrong key. */
  | { kind: 'no_such_door' }
  /** The source is there, but not for whom this came from. */
  | { kind: 'not_for_you'; source: OpenSource }
  /** Its sealing key is missing. */
  | { kind: 'sealed' };

/** Looks for the source behind a door under one configuration. */
export function findDoor(
  { mac }: Pick<Ports, 'mac'>,
  configuration: LiveConfiguration,
  request: InboundRequest,
  nowMs: number,
): Found {
  const source = sourceAt(mac, configuration, request.door, nowMs);
  // Asked of nobody too.
  const isExpected = isAmong(source?.allowedFrom ?? [], request.remoteAddress);
  if (source === null || !source.enabled || !takes(source, request.method)) return { kind: 'no_such_door' };
  const { config } = source;
  if (config === null) return { kind: 'sealed' };
  const isAllowed = source.allowedFrom.length === 0 || isExpected;
  return { kind: isAllowed ? 'source' : 'not_for_you', source: { ...source, config } };
}

function sourceAt(mac: Ports['mac'], configuration: LiveConfiguration, door: Door, nowMs: number): LiveSource | null {
  // Keys are looked up by digest, so that the time taken tells nothing about how much of one was right.
  const digest = Buffer.from(mac.sha256(door.kind === 'secret' ? door.key : door.sourceId)).toString('hex');
  const secret = configuration.sourcesByUrlKey.get(digest);
  if (door.kind === 'typed') return typedSource(configuration, door);
  return secret !== undefined && (secret.untilMs === null || nowMs < secret.untilMs) ? secret.source : null;
}

function typedSource({ sources }: LiveConfiguration, door: Extract<Door, { kind: 'typed' }>): LiveSource | null {
  const source = isId(door.sourceId) ? sources.get(door.sourceId) : undefined;
  if (source === undefined || source.config === null) return source ?? null;
  const { type, scheme } = source.config;
  const groups: readonly SourceGroup[] = SOURCE_TYPES[type].groups;
  const isItsRoute = groups.some((group) => GROUP_ROUTES[group] === door.route);
  return isItsRoute && scheme.type !== 'url' ? source : null;
}

function takes({ config }: LiveSource, method: string): boolean {
  if (method === 'POST') return true;
  return method === 'OPTIONS' && config !== null && mayAsk(config.type, config.scheme);
}
