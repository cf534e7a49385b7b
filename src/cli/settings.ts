/** The settings of an instance: what each is called, what it takes, and how its text is read. */
import { LOG_LEVELS } from '../adapters/log.ts';
import { addressOf } from '../adapters/postgres/address.ts';
import { parseAllowCidrs, parseAllowHosts, readNetworks } from '../core/address.ts';
import { NODE_ROLES, parseNodeRoles } from '../core/node-role.ts';
import { DEFAULT_SUITE, SUITES } from '../core/secret.ts';
import type { HookyardOptions, Openings } from '../index.ts';
import { apiKeyFault } from './api-key.ts';

/** Everything that was set, with defaults for the rest: what an instance is made with, and where it listens. */
export interface StartConfiguration
  extends Omit<HookyardOptions, 'addressPolicy' | 'maxRequestBytes' | 'maxConnections'>,
    Openings {
  host: string;
  port: number;
}

type Read = { kind: 'value'; value: Partial<StartConfiguration> } | { kind: 'wrong'; why: string };

/** One setting: its flag is `--max-body`, its variable `HOOKYARD_MAX_BODY`, its name in the file `maxBody`. */
export interface Setting {
  /** In words joined by dashes. */
  name: string;
  /** Of the flag's argument; null for a switch. */
  argument: string | null;
  help: string;
  /** `environment` keeps a secret out of process lists and files. */
  from?: 'environment';
  read(text: string): Read;
}

export const SETTINGS: readonly Setting[] = [
  { name: 'host', argument: 'host', help: 'address to listen on (default 127.0.0.1)', read: (host) => set({ host }) },
  {
    name: 'port',
    argument: 'port',
    help: 'port to listen on (default 4455); 0 takes a free one',
    read: (text) => whole(text, 0, 65_535, (port) => ({ port })),
  },
  {
    name: 'data',
    argument: 'dir',
    help: 'directory of database and keys (default ./.hookyard)',
    read: (dataDirectory) => (dataDirectory === '' ? wrong('is empty') : set({ dataDirectory })),
  },
  {
    name: 'allow-http',
    argument: null,
    help: 'allow http receivers anywhere; name and address rules stay',
    read: (text) => onOff(text, (allowHttp) => ({ allowHttp })),
  },
  {
    name: 'allow-hosts',
    argument: 'list',
    help: 'comma list of host[:port] that may be private or http',
    read: (text) => {
      const list = parseAllowHosts(text);
      return list.kind === 'list' ? set({ allowHosts: list.entries }) : wrong(`is refused: ${list.error}`);
    },
  },
  {
    name: 'allow-cidrs',
    argument: 'list',
    help: 'comma list of networks that may be reached',
    read: (text) => {
      const list = parseAllowCidrs(text);
      return list.kind === 'list' ? set({ allowCidrs: list.entries }) : wrong(`is refused: ${list.error}`);
    },
  },
  {
    name: 'keyring',
    argument: 'file',
    help: 'file with sealing keys (default keyring.json in the data directory)',
    read: (keyringPath) => (keyringPath === '' ? wrong('is empty') : set({ keyringPath })),
  },
  {
    name: 'sealing',
    argument: 'suite',
    help: `what secrets are sealed with from now on: ${SUITES.join(' or ')} (default ${DEFAULT_SUITE})`,
    read: (text) => {
      const sealing = SUITES.find((suite) => suite === text);
      return sealing === undefined ? wrong(`is not one of ${SUITES.join(', ')}`) : set({ sealing });
    },
  },
  {
    name: 'secrets',
    argument: 'dir',
    help: 'directory whose files `file:` secret references may read (default none)',
    read: (secretsDirectory) => (secretsDirectory === '' ? wrong('is empty') : set({ secretsDirectory })),
  },
  {
    name: 'public-url',
    argument: 'url',
    help: 'origin that callers reach this instance at, such as https://hooks.example.com',
    read: (text) => (isOrigin(text) ? set({ publicUrl: text }) : wrong('is not an http or https URL without a path')),
  },
  {
    name: 'trusted-proxies',
    argument: 'list',
    help: "comma list of proxies, as addresses or networks, that are believed to tell a sender's address (default none)",
    read: networks,
  },
  {
    name: 'egress-ips',
    argument: 'list',
    help: 'comma list of the addresses that deliveries come from, to be told to receivers',
    read: (text) => {
      const egressIps = text.split(',').map((part) => part.trim());
      const odd = egressIps.find((part) => part === '' || parseAllowCidrs(part).kind !== 'list');
      return odd === undefined ? set({ egressIps }) : wrong(`has "${odd}", which is no address and no network`);
    },
  },
  {
    name: 'max-body',
    argument: 'bytes',
    help: 'largest event and largest inbound request in bytes (default 1 MiB and 5 MiB)',
    read: (text) => whole(text, 1024, 64 * 1024 * 1024, (maxBodyBytes) => ({ maxBodyBytes })),
  },
  {
    name: 'log-level',
    argument: 'level',
    help: `one of ${LOG_LEVELS.join(', ')}`,
    read: (text) =>
      (LOG_LEVELS as readonly string[]).includes(text)
        ? set({ logLevel: text })
        : wrong(`is not one of ${LOG_LEVELS.join(', ')}`),
  },
  {
    name: 'roles',
    argument: 'list',
    help: `comma list of ${NODE_ROLES.join(', ')} (default all); fewer only with PostgreSQL`,
    read: (text) => {
      const list = parseNodeRoles(text);
      return list.kind === 'roles' ? set({ roles: [...list.roles] }) : wrong(list.reason);
    },
  },
  {
    name: 'migrate',
    argument: '1-or-0',
    help: 'whether a start runs the migrations that the database lacks (default 1)',
    read: (text) => onOff(text, (migrate) => ({ migrate })),
  },
  {
    name: 'api-key',
    argument: 'key',
    help: 'an admin key given from outside',
    from: 'environment',
    read: (apiKey) => {
      const fault = apiKeyFault(apiKey);
      return fault === null ? set({ apiKey }) : wrong(fault);
    },
  },
  {
    name: 'database-url',
    argument: 'url',
    help: 'PostgreSQL to share with other nodes (default SQLite in the data directory)',
    read: (databaseUrl) => {
      const address = addressOf(databaseUrl);
      return address.kind === 'address' ? set({ databaseUrl }) : wrong(address.why);
    },
  },
];

function set(value: Partial<StartConfiguration>): Read {
  return { kind: 'value', value };
}

function wrong(why: string): Read {
  return { kind: 'wrong', why };
}

function whole(text: string, min: number, max: number, make: (value: number) => Partial<StartConfiguration>): Read {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? set(make(value)) : wrong(`is not a whole number from ${min} to ${max}`);
}

function networks(text: string): Read {
  const texts = text.split(',').map((part) => part.trim());
  const named = texts.filter((part) => part !== '');
  const read = readNetworks(named);
  if (read.kind === 'networks') return set({ trustedProxies: read.entries });
  const faults = read.faults.map(({ at, message }) => `"${named[at]}" cannot be used. ${message}`);
  return wrong(`is refused: ${faults.join(' ')}`);
}

function onOff(text: string, make: (on: boolean) => Partial<StartConfiguration>): Read {
  if (text === '1' || text === 'true') return set(make(true));
  if (text === '0' || text === 'false') return set(make(false));
  return wrong('is neither 1 nor 0');
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false;
  return url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
}
