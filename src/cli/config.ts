/** What an instance is started with: flags, environment, file, in this order. The only reader of the environment. */
import { readFileSync } from 'node:fs';
import { LOG_LEVELS } from '../adapters/log.ts';
import { parseAllowCidrs, parseAllowHosts } from '../core/address.ts';
import { apiKeyFault } from './api-key.ts';

/** Everything that was set, with defaults for the rest. */
export interface StartConfiguration {
  host: string;
  port: number;
  dataDirectory: string;
  allowHttp: boolean;
  allowHosts: readonly string[];
  allowCidrs: readonly string[];
  keyringPath?: string;
  publicUrl?: string;
  maxBodyBytes?: number;
  logLevel?: string;
  apiKey?: string;
}

/** Bad configuration: what is wrong and what to do. Never holds a key. */
export interface Refused {
  kind: 'refused';
  reason: string;
  remedy: string;
}

export type ConfigurationRead = { kind: 'configuration'; configuration: StartConfiguration } | Refused;

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
    name: 'public-url',
    argument: 'url',
    help: 'origin that callers reach this instance at',
    read: (text) => (isOrigin(text) ? set({ publicUrl: text }) : wrong('is not an http or https URL without a path')),
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
    name: 'api-key',
    argument: 'key',
    help: 'an admin key given from outside',
    from: 'environment',
    read: (apiKey) => {
      const fault = apiKeyFault(apiKey);
      return fault === null ? set({ apiKey }) : wrong(fault);
    },
  },
];

/** The variable and file name of `--config` follow the same pattern, but it cannot stand in the file itself. */
const FILE_VARIABLE = 'HOOKYARD_CONFIG';
const PREFIX = 'HOOKYARD_';

const DEFAULTS: StartConfiguration = {
  host: '127.0.0.1',
  port: 4455,
  dataDirectory: './.hookyard',
  allowHttp: false,
  allowHosts: [],
  allowCidrs: [],
};

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

/** `max-body` → `maxBody`: as the file has it, and as commander names the flag. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function variableOf(name: string): string {
  return PREFIX + name.replaceAll('-', '_').toUpperCase();
}

/** A value on its way in, with the name it was given under. */
interface Given {
  setting: Setting;
  as: string;
  text: string;
}

type Collected = { kind: 'given'; given: readonly Given[] } | Refused;

export interface Origins {
  /** By camel-cased name, as commander parsed them. */
  flags: Readonly<Record<string, unknown>>;
  /** What the command sets where nobody says otherwise. */
  defaults?: Partial<StartConfiguration>;
  environment?: Readonly<Record<string, string | undefined>>;
  readFile?: (path: string) => string;
}

/** Reads and checks everything; the first mistake refuses the start. */
export function readConfiguration(origins: Origins): ConfigurationRead {
  const environment = origins.environment ?? process.env;
  const path = origins.flags.config ?? environment[FILE_VARIABLE];
  const file = typeof path === 'string' ? fromFile(path, origins.readFile ?? readText) : NOTHING_GIVEN;
  if (file.kind === 'refused') return file;
  const variables = fromEnvironment(environment);
  if (variables.kind === 'refused') return variables;
  // Later ones win.
  return complete({ ...DEFAULTS, ...origins.defaults }, [
    ...file.given,
    ...variables.given,
    ...fromFlags(origins.flags),
  ]);
}

const NOTHING_GIVEN: Collected = { kind: 'given', given: [] };

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function complete(defaults: StartConfiguration, given: readonly Given[]): ConfigurationRead {
  let configuration = defaults;
  for (const { setting, as, text } of given) {
    const read = setting.read(text);
    if (read.kind === 'wrong') return refused(`${as} ${read.why}.`, `${as} takes ${setting.help}.`);
    configuration = { ...configuration, ...read.value };
  }
  return { kind: 'configuration', configuration };
}

function refused(reason: string, remedy: string): Refused {
  return { kind: 'refused', reason, remedy };
}

function fromFlags(flags: Origins['flags']): readonly Given[] {
  return SETTINGS.flatMap((setting) => {
    const value = flags[camelCase(setting.name)];
    return value === undefined ? [] : [{ setting, as: `--${setting.name}`, text: `${value}` }];
  });
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Collected {
  const given: Given[] = [];
  for (const [as, text] of Object.entries(environment)) {
    if (!as.startsWith(PREFIX) || as === FILE_VARIABLE || text === undefined) continue;
    const setting = SETTINGS.find(({ name }) => variableOf(name) === as);
    if (setting === undefined) {
      const known = SETTINGS.map(({ name }) => variableOf(name)).join(', ');
      return refused(`The environment variable ${as} is not known.`, `Remove it, or use one of ${known}.`);
    }
    given.push({ setting, as, text });
  }
  return { kind: 'given', given };
}

function fromFile(path: string, readFile: (path: string) => string): Collected {
  const values = parseFile(path, readFile);
  if (values.kind === 'refused') return values;
  const given: Given[] = [];
  for (const [as, value] of Object.entries(values.fields)) {
    const setting = SETTINGS.find(({ name, from }) => camelCase(name) === as && from !== 'environment');
    if (setting === undefined) {
      const known = SETTINGS.filter(({ from }) => from !== 'environment').map(({ name }) => camelCase(name));
      return refused(`${path} has the unknown key "${as}".`, `Remove it, or use one of ${known.join(', ')}.`);
    }
    const text = textOf(value);
    if (text === null) return refused(`"${as}" in ${path} has a value of a wrong type.`, `It takes ${setting.help}.`);
    given.push({ setting, as: `"${as}" in ${path}`, text });
  }
  return { kind: 'given', given };
}

function parseFile(
  path: string,
  readFile: (path: string) => string,
): { kind: 'fields'; fields: Readonly<Record<string, unknown>> } | Refused {
  try {
    const parsed: unknown = JSON.parse(readFile(path));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return { kind: 'fields', fields: { ...parsed } };
    }
    return refused(`${path} does not hold a JSON object.`, 'Write {"port": 4455} or the like into it.');
  } catch (error) {
    const unreadable = !(error instanceof SyntaxError);
    const reason = unreadable ? `${path} cannot be read.` : `${path} is not valid JSON.`;
    return refused(reason, unreadable ? 'Check the path given with --config.' : 'Correct it, or leave --config out.');
  }
}

/** A value of the file as the text a flag would be; lists are written as lists there. */
function textOf(value: unknown): string | null {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? value.join(',') : null;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : null;
}
