import { ipText, type Network, networkText, readIp, readNetwork } from './ip.ts';
import { METADATA_NAMES } from './name.ts';
import { rangeOf } from './ranges.ts';

/** An allow-list ready for `AddressPolicy`, or one sentence that says which entry is wrong and how to write it. */
export type AllowList = { kind: 'list'; entries: readonly string[] } | { kind: 'error'; error: string };

type Entry = { kind: 'entry'; entry: string } | { kind: 'error'; error: string };

/** Reads the comma list of `--allow-hosts`: exact hosts, each with an optional port; IPv6 in brackets. */
export function parseAllowHosts(text: string): AllowList {
  return parseList(text, readHostEntry);
}

/** Reads the comma list of `--allow-cidrs`: networks, or addresses as networks of one. */
export function parseAllowCidrs(text: string): AllowList {
  return parseList(text, readCidrEntry);
}

function parseList(text: string, read: (part: string) => Entry): AllowList {
  const entries: string[] = [];
  for (const part of text.split(',').map((piece) => piece.trim())) {
    if (part === '') continue;
    const entry = read(part);
    if (entry.kind === 'error') return entry;
    if (!entries.includes(entry.entry)) entries.push(entry.entry);
  }
  return { kind: 'list', entries };
}

const HOST_AND_PORT = /^(\[[^\]]+\]|[^\s:/?#@\\[\]]+)(?::(\d{1,5}))?$/;

function readHostEntry(part: string): Entry {
  const [, written, port] = HOST_AND_PORT.exec(part) ?? [];
  const host = written === undefined ? null : normalHost(written);
  if (host === null || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    return wrong(part, 'write an exact host and an optional port, such as hooks.internal:8443 or [fd12::1]:8443');
  }
  if (isNeverHost(host)) return wrong(part, 'metadata and link-local addresses are never opened');
  return { kind: 'entry', entry: port === undefined ? host : `${host}:${Number(port)}` };
}

function normalHost(written: string): string | null {
  if (!URL.canParse(`https://${written}`)) return null;
  const host = new URL(`https://${written}`).hostname.replace(/\.$/, '');
  return host.startsWith('[') || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) ? host : null;
}

function isNeverHost(host: string): boolean {
  const ip = readIp(host.replace(/^\[|\]$/g, ''));
  return METADATA_NAMES.has(host) || (ip !== null && rangeOf(ip)?.never === true);
}

function readCidrEntry(part: string): Entry {
  const network = readNetwork(part);
  if (network === null) return wrong(part, 'write a network such as 10.0.0.0/8 or fd12:3456::/32');
  const entry = networkText(network);
  if (entry !== `${ipText(network[0])}/${network[1]}`) {
    return wrong(part, `it has bits behind its prefix; write ${entry}`);
  }
  if (isNeverNetwork(network)) return wrong(part, 'metadata and link-local addresses are never opened');
  return { kind: 'entry', entry };
}

/** True when the whole network is one that is never opened; a wider one opens everything else in it. */
function isNeverNetwork([ip, bits]: Network): boolean {
  const range = rangeOf(ip);
  const rangeBits = range?.never === true ? readNetwork(range.cidr)?.[1] : undefined;
  return rangeBits !== undefined && bits >= rangeBits;
}

function wrong(part: string, remedy: string): Entry {
  return { kind: 'error', error: `"${part}" cannot be used: ${remedy}.` };
}
