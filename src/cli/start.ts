/** Starting and stopping an instance from the command line. */
import { createHookyard, type Hookyard } from '../index.ts';
import {
  type ConfigurationRead,
  type Origins,
  type Refused,
  readConfiguration,
  type StartConfiguration,
} from './config.ts';

const EXIT_BAD_CONFIGURATION = 2;

/** What the command line prints to and is stopped by. */
export interface Terminal {
  /** True when a person reads stdout. */
  interactive: boolean;
  say(line: string): void;
  warn(line: string): void;
  exit(code: number): void;
  onSignal(stop: () => void): void;
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
};

/**
 * Reads the configuration and runs until a signal: exit 0 after draining, 1 at a second signal, 2 on bad configuration.
 * @param origins flags as commander parsed them, and what the command sets unless told otherwise
 */
export async function startHookyard(origins: Origins, terminal: Terminal): Promise<void> {
  const read: ConfigurationRead = readConfiguration(origins);
  if (read.kind === 'refused') return refuse(read, terminal);
  const { configuration } = read;
  for (const line of gateWarnings(configuration)) terminal.warn(line);
  const started = await open(configuration);
  if (started.kind === 'refused') return refuse(started, terminal);
  stopOnSignal(started.hookyard, terminal);
  const listening = await listen(started.hookyard, configuration);
  if (listening.kind === 'refused') {
    await started.hookyard.close();
    return refuse(listening, terminal);
  }
  announce(started.hookyard, listening.url, terminal);
}

/** Files and directories that cannot be made, read or written are bad configuration; everything else thrown is a bug. */
async function open(configuration: StartConfiguration): ReturnType<typeof createHookyard> {
  try {
    return await createHookyard(optionsOf(configuration));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error;
    const reason = `Cannot use ${configuration.dataDirectory} or the keyring (${error.syscall}: ${error.code}).`;
    return { kind: 'refused', reason, remedy: 'Check that --data and --keyring name places this user may write to.' };
  }
}

function refuse({ reason, remedy }: Pick<Refused, 'reason' | 'remedy'>, terminal: Terminal): void {
  terminal.warn(`hookyard: ${reason}`);
  terminal.warn(`  ${remedy}`);
  terminal.exit(EXIT_BAD_CONFIGURATION);
}

function optionsOf(configuration: StartConfiguration): Parameters<typeof createHookyard>[0] {
  const { host: _host, port: _port, allowHttp, allowHosts, allowCidrs, ...options } = configuration;
  return { ...options, addressPolicy: { allowHttp, allowHosts, allowCidrs } };
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

function announce(hookyard: Hookyard, url: string, terminal: Terminal): void {
  terminal.say(`Hookyard listens on ${url}`);
  const { adminKey } = hookyard;
  if (adminKey === null) return;
  // Where nobody reads along, stdout is a log, and a key must not stand in one.
  const shown = terminal.interactive && adminKey.fresh !== null;
  terminal.say(shown ? `Admin API key (shown once): ${adminKey.fresh}` : `Admin API key: in ${adminKey.path}`);
}

function stopOnSignal(hookyard: Hookyard, terminal: Terminal): void {
  let stopping = false;
  terminal.onSignal(() => {
    if (stopping) return terminal.exit(1);
    stopping = true;
    hookyard.close().then(
      () => terminal.exit(0),
      (error: unknown) => {
        terminal.warn(`hookyard: stopping failed: ${error instanceof Error ? error.name : 'unknown error'}`);
        terminal.exit(1);
      },
    );
  });
}
