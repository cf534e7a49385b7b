/** Starting and stopping an instance from the command line. */
import { createLog } from '../adapters/log.ts';
import { createHookyard, type Hookyard, type World } from '../index.ts';
import { type ConfigurationRead, type Origins, type Refused, readConfiguration } from './config.ts';
import type { StartConfiguration } from './settings.ts';

/** A supervisor starts it again: the database was away, or a bug ended it. */
const EXIT_FAILED = 1;
const EXIT_BAD_CONFIGURATION = 2;

/** What the command line prints to and is stopped by. */
export interface Terminal {
  /** True when a person reads stdout. */
  interactive: boolean;
  say(line: string): void;
  warn(line: string): void;
  exit(code: number): void;
  onSignal(stop: () => void): void;
  /** Calls `end` with what nobody caught: a bug, after which nothing that is in memory can be relied on. */
  onFault(end: (error: unknown) => void): void;
}

/** The terminal of this process. */
export const processTerminal: Terminal = {
  interactive: process.stdout.isTTY === true,
  say: (line) => process.stdout.write(`${line}\n`),
  warn: (line) => process.stderr.write(`${line}\n`),
  exit: (code) => process.exit(code),
  onSignal: (stop) => {
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  },
  onFault: (end) => {
    process.on('uncaughtException', end);
    process.on('unhandledRejection', end);
  },
};

/**
 * Reads the configuration and runs until a signal: exit 0 after draining, 1 at a second signal, when the
 * database stays away and after a bug, 2 on bad configuration.
 * @param origins flags as commander parsed them, and what the command sets unless told otherwise
 * @param world for tests alone
 */
export async function startHookyard(origins: Origins, terminal: Terminal, world?: World): Promise<void> {
  const read: ConfigurationRead = readConfiguration(origins);
  if (read.kind === 'refused') return refuse(read, terminal);
  const { configuration } = read;
  terminal.onFault(endLogged(configuration, terminal));
  for (const line of [...gateWarnings(configuration), ...passwordWarning(origins)]) terminal.warn(line);
  const started = await open(configuration, world);
  if (started.kind !== 'started') return refuse(started, terminal);
  stopOnSignal(started.hookyard, terminal);
  const listening = await listen(started.hookyard, configuration);
  if (listening.kind === 'refused') {
    await started.hookyard.close();
    return refuse(listening, terminal);
  }
  announce(started.hookyard, listening.url, configuration, terminal);
}

function endLogged({ logLevel = 'info' }: StartConfiguration, terminal: Terminal): (error: unknown) => void {
  const log = createLog({ level: logLevel });
  return (error) => {
    log.error('process.unhandled', { error });
    terminal.exit(EXIT_FAILED);
  };
}

/** Files and directories that cannot be made, read or written are bad configuration; everything else thrown is a bug. */
async function open(configuration: StartConfiguration, world?: World): ReturnType<typeof createHookyard> {
  try {
    return await createHookyard(optionsOf(configuration), world);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error;
    const reason = `Cannot use ${configuration.dataDirectory} or the keyring (${error.syscall}: ${error.code}).`;
    return { kind: 'refused', reason, remedy: 'Check that --data and --keyring name places this user may write to.' };
  }
}

/** Says why there is no start, and ends: with 1 when the same may work later. */
export function refuse(
  { kind, reason, remedy }: { kind: 'refused' | 'away'; reason: string; remedy: string },
  terminal: Pick<Terminal, 'warn' | 'exit'>,
): void {
  terminal.warn(`hookyard: ${reason}`);
  terminal.warn(`  ${remedy}`);
  terminal.exit(kind === 'away' ? EXIT_FAILED : EXIT_BAD_CONFIGURATION);
}

function optionsOf(configuration: StartConfiguration): Parameters<typeof createHookyard>[0] {
  const { host: _host, port: _port, allowHttp, allowHosts, allowCidrs, ...options } = configuration;
  return { ...options, addressPolicy: { allowHttp, allowHosts, allowCidrs } };
}

const NO_KEY_HERE = 'Admin API key: the database has one already; HOOKYARD_API_KEY gives this node another.';

/** A password in a flag can be read by everybody who may list processes. */
export function passwordWarning({ flags }: Pick<Origins, 'flags'>): readonly string[] {
  const { databaseUrl } = flags;
  if (typeof databaseUrl !== 'string' || !/:\/\/[^/@]*:[^/@]+@/.test(databaseUrl)) return [];
  return ['WARNING: --database-url: its password stands in lists of processes; give it as HOOKYARD_DATABASE_URL.'];
}

/** One loud line for each part of the address gate that stands open. */
export function gateWarnings({ allowHttp, allowHosts, allowCidrs }: StartConfiguration): readonly string[] {
  return [
    ...(allowHttp ? ['WARNING: --allow-http: events and their signatures may travel unencrypted to any host.'] : []),
    ...(allowHosts.length > 0
      ? [`WARNING: --allow-hosts: private addresses and http are open for ${allowHosts.join(', ')}.`]
      : []),
    ...(allowCidrs.length > 0 ? [`WARNING: --allow-cidrs: receivers may stand inside ${allowCidrs.join(', ')}.`] : []),
  ];
}

async function listen(
  hookyard: Hookyard,
  { host, port }: StartConfiguration,
): Promise<{ kind: 'listening'; url: string } | Refused> {
  try {
    return { kind: 'listening', ...(await hookyard.listen({ host, port })) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const reason = `Cannot listen on ${host}:${port} (${code}).`;
    return { kind: 'refused', reason, remedy: 'Choose another --host or --port; --port 0 takes a free one.' };
  }
}

function announce(hookyard: Hookyard, url: string, configuration: StartConfiguration, terminal: Terminal): void {
  terminal.say(`Hookyard listens on ${url}`);
  announceKey(hookyard, configuration, terminal);
  announceSource(hookyard, url, terminal);
}

function announceKey({ adminKey }: Hookyard, configuration: StartConfiguration, terminal: Terminal): void {
  if (adminKey === null) {
    if (configuration.apiKey === undefined) terminal.say(NO_KEY_HERE);
    return;
  }
  // Where nobody reads along, stdout is a log, and a key must not stand in one.
  const shown = terminal.interactive && adminKey.fresh !== null;
  terminal.say(shown ? `Admin API key (shown once): ${adminKey.fresh}` : `Admin API key: in ${adminKey.path}`);
}

/** A secret URL is a secret like a key. */
function announceSource({ firstSource }: Hookyard, url: string, terminal: Terminal): void {
  if (firstSource === null) return;
  const { secretUrl, file } = firstSource;
  const place = terminal.interactive ? `${URL.parse(secretUrl, url)}` : `in ${file}`;
  terminal.say(`Secret URL for pushes, {"image": "registry/org/app:tag"}: ${place}`);
}

/** Any time will do. */
const AWAKE_MS = 60_000;

function stopOnSignal(hookyard: Hookyard, terminal: Terminal): void {
  let stopping = false;
  terminal.onSignal(() => {
    if (stopping) return terminal.exit(EXIT_FAILED);
    stopping = true;
    // The timers that closing waits for do not keep a process alive whose database is away.
    const awake = setInterval(() => {}, AWAKE_MS);
    hookyard
      .close()
      .finally(() => clearInterval(awake))
      .then(
        () => terminal.exit(0),
        (error: unknown) => {
          terminal.warn(`hookyard: stopping failed: ${error instanceof Error ? error.name : 'unknown error'}`);
          terminal.exit(EXIT_FAILED);
        },
      );
  });
}
