import { ipText, isInside, type Network, networkText, readIp, readNetwork } from './ip.ts';

/** Networks as people list them, ready to be asked. */
export type Networks = readonly Network[];

export type NetworksRead =
  /** `entries` are the same in their one spelling, each once. */
  | { kind: 'networks'; networks: Networks; entries: readonly string[] }
  | { kind: 'refused'; faults: readonly { at: number; message: string }[] };

const EXAMPLE = 'Write an address or a network, such as 203.0.113.7, 10.0.0.0/8 or fd12:3456::/32.';

/** Reads addresses and networks (CIDR) of both families. Every entry that is wrong is named by its place. */
export function readNetworks(texts: readonly string[]): NetworksRead {
  const read = texts.map((text) => readNetwork(text));
  const faults = read.flatMap((network, at) => {
    const message = network === null ? EXAMPLE : strayBits(network);
    return message === null ? [] : [{ at, message }];
  });
  if (faults.length > 0) return { kind: 'refused', faults };
  const bySpelling = new Map(read.flatMap((network) => (network === null ? [] : [[spelling(network), network]])));
  return { kind: 'networks', networks: [...bySpelling.values()], entries: [...bySpelling.keys()] };
}

/** An address alone is spelled without the prefix that goes without saying. */
function spelling([ip, bits]: Network): string {
  const alone = bits === (ip.kind() === 'ipv4' ? 32 : 128);
  return alone ? ipText(ip) : networkText([ip, bits]);
}

/** Bits behind the prefix are nearly always a slip: another network was meant. */
function strayBits([ip, bits]: Network): string | null {
  const clean = networkText([ip, bits]);
  return clean === `${ipText(ip)}/${bits}` ? null : `It has bits behind its prefix; write ${clean}.`;
}

/** Whether an address lies in one of the networks. What is no address lies in none. */
export function isAmong(networks: Networks, address: string | null): boolean {
  const ip = address === null ? null : readIp(address);
  return ip !== null && networks.some((network) => isInside(ip, network));
}
