/** Finding the source that a request came for. Whatever is wrong, the same work is done before that is told. */
import { isAmong } from '../../core/address/networks.ts';
import { mayAsk } from '../../core/handshake.ts';
import { type Id, isId } from '../../core/ids.ts';
import { toHex } from '../../core/signature/encoding.ts';
import { presetScheme } from '../../core/signature/schemes.ts';
import { completeStoredSource, GROUP_ROUTES, SOURCE_TYPES, type SourceGroup } from '../../core/source.ts';
import type { Ports } from '../../ports.ts';
import { compiledSource, type LiveConfiguration, type LiveSource, type SecretDoor } from '../configuration.ts';
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
  // Each is asked of nobody's door too.
  const isExpected = isAmong(source.allowedFrom, request.remoteAddress) || source.allowedFrom.length === 0;
  const isOpen = leadsTo(source, request.door) && takes(source, request.method) && source.enabled;
  if (!isOpen) return { kind: 'no_such_door' };
  const { config } = source;
  if (config === null) return { kind: 'sealed' };
  return { kind: isExpected ? 'source' : 'not_for_you', source: { ...source, config } };
}

/** What is behind the door; where there is nothing, the same is done with nobody's source. */
function sourceAt(mac: Ports['mac'], configuration: LiveConfiguration, door: Door, nowMs: number): LiveSource {
  // Keys are looked up by digest, so that the time taken tells nothing about how much of one was right.
  const digest = toHex(mac.sha256(door.kind === 'secret' ? door.key : door.sourceId));
  const secret = configuration.sourcesByUrlKey.get(digest) ?? NO_DOOR;
  if (door.kind === 'typed') return (isId(door.sourceId) && configuration.sources.get(door.sourceId)) || NOBODY;
  return secret.untilMs === null || nowMs < secret.untilMs ? secret.source : NOBODY;
}

/** A source proves itself at its own routes, unless its scheme is to know the secret URL. */
function leadsTo({ config }: LiveSource, door: Door): boolean {
  if (door.kind === 'secret' || config === null) return true;
  const groups: readonly SourceGroup[] = SOURCE_TYPES[config.type].groups;
  const isItsRoute = groups.some((group) => GROUP_ROUTES[group] === door.route);
  return isItsRoute && config.scheme.type !== 'url';
}

function takes({ config }: LiveSource, method: string): boolean {
  if (config === null) return method === 'POST';
  const { type, scheme } = config;
  return SOURCE_TYPES[type].methods.includes(method) || (method === 'OPTIONS' && mayAsk(type, scheme));
}

/** Stands behind every door that there is not; it takes nothing in. */
const NOBODY: LiveSource = nobody();
const NO_DOOR: SecretDoor = { source: NOBODY, untilMs: null };

function nobody(): LiveSource {
  const config = completeStoredSource({
    type: 'native',
    name: '',
    scheme: presetScheme('hmac-sha256'),
    secrets: [],
    urlKey: null,
    registry: null,
    timeZone: null,
    description: '',
  });
  const times = { createdAtMs: 0, updatedAtMs: 0, createdBy: null };
  const row = { id: '', tenant: '', version: 0, enabled: false, urlKeyHash: null, ...times };
  return { ...row, config, ...compiledSource(config), missingKeyId: null };
}
