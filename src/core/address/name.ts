import type { Endpoint } from './policy.ts';
import { type Refusal, refusedHost, refusedUrl } from './refusal.ts';

/** Names under which clouds serve credentials to their machines. Their addresses are refused as well. */
export const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.goog',
  'metadata.google.internal',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'metadata.packet.net',
  'metadata.platformequinix.com',
]);

/** Names that hosts files give to the machine itself; everything below `localhost` too (RFC 6761 §6.3). */
const LOCALHOST_NAMES: ReadonlySet<string> = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost6.localdomain6',
  'ip6-localhost',
  'ip6-loopback',
]);

const MAX_LABEL_CHARACTERS = 63;
const MAX_NAME_CHARACTERS = 253;
/** Letters, digits, hyphen, and the underscore that some zones have. The URL parser lets more through. */
const LABEL = /^[a-z0-9_-]+$/;

/**
 * Judges a host name before any lookup; null when nothing is wrong with it.
 * @param allowed whether the allow-list names the host: then only its form and metadata names count
 */
export function judgeName(endpoint: Endpoint, allowed: boolean, ownNames: readonly string[]): Refusal | null {
  const { host } = endpoint;
  const labels = host.split('.');
  if (host.length > MAX_NAME_CHARACTERS) return refusedUrl('name_length');
  if (labels.some((label) => label.length > MAX_LABEL_CHARACTERS)) return refusedUrl('name_length');
  if (!labels.every((label) => LABEL.test(label))) return refusedUrl('malformed');
  if (METADATA_NAMES.has(host)) return refusedHost('metadata_name', endpoint);
  if (allowed) return null;
  if (isLocalhost(host)) return refusedHost('localhost_name', endpoint);
  if (ownNames.includes(host)) return refusedHost('own_name', endpoint);
  return labels.length === 1 ? refusedHost('single_label', endpoint) : null;
}

/** Whether a name stands for the machine itself. */
function isLocalhost(host: string): boolean {
  return LOCALHOST_NAMES.has(host) || host.endsWith('.localhost');
}
