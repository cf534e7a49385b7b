/** What an instance is started with: flags, environment, file, in this order. The only reader of the environment. */
import { readFileSync } from 'node:fs';
import { VARIABLE_PREFIX } from '../core/secret-reference.ts';
import { SETTINGS, type Setting, type StartConfiguration } from './settings.ts';

/** Bad configuration: what is wrong and what to do. Never holds a key. */
export interface Refused {
  kind: 'refused';
  reason: string;
  remedy: string;
}

export type ConfigurationRead = { kind: 'configuration'; configuration: StartConfiguration } | Refused;

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
  return complete({ ...DEFAULTS, ...origins.defaults, ...secretsOf(environment) }, [
    ...file.given,
    ...variables.given,
    ...fromFlags(origins.flags),
  ]);
}

function secretsOf(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<StartConfiguration, 'secretVariables'> {
  const secrets = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[0].startsWith(VARIABLE_PREFIX) && entry[1] !== undefined,
  );
  return secrets.length === 0 ? {} : { secretVariables: Object.fromEntries(secrets) };
}

const NOTHING_GIVEN: Collected = { kind: 'given', given: [] };

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function complete(defaults: StartConfiguration, given: readonly Given[]): ConfigurationRead {
  let configuration = defaults;
  for (const { setting, as, text } of given) {
    const read = setting.read(text);
    if (read.kind === 'wrong') return refused(`${as} ${sentence(read.why)}`, `${as}: ${sentence(setting.help)}`);
    configuration = { ...configuration, ...read.value };
  }
  return { kind: 'configuration', configuration };
}

/** What is said of a value may be a sentence already. */
function sentence(words: string): string {
  return words.endsWith('.') ? words : `${words}.`;
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
    // No setting: subscriptions refer to it.
    if (as.startsWith(VARIABLE_PREFIX)) continue;
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
    if (text === null)
      return refused(`"${as}" in ${path} has a value of a wrong type.`, `"${as}": ${sentence(setting.help)}`);
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
