/** Nodes on one PostgreSQL, each a process of its own that can be ended, frozen and started again. */
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import {
  ADMIN_KEY,
  type Api,
  apiOf,
  type Exit,
  freshDirectory,
  type Spawned,
  spawnHookyard,
} from '../support/hookyard.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { sent } from '../support/processes.ts';
import type { Arrival } from './cluster-sink.ts';

export interface ClusterNode {
  /** Such as `n2`. */
  name: string;
  state: 'up' | 'frozen' | 'down';
  /** The process: `n2.1`, after its restart `n2.2`, … */
  life: string;
  url: string;
  api: Api;
  spawned: Spawned;
}

export interface ClusterGround {
  postgres: PostgresServer;
  nodes: readonly ClusterNode[];
  /** Those that answer. */
  living(): readonly ClusterNode[];
  /** Starts the node of that name, a new one or one that is down; resolves when it is ready. */
  start(name: string): Promise<ClusterNode>;
  /** `kill -9`. */
  kill(node: ClusterNode): Promise<void>;
  /** SIGTERM, and how it ended. */
  drain(node: ClusterNode): Promise<Exit>;
  freeze(node: ClusterNode): void;
  thaw(node: ClusterNode): void;
  /** Ends of processes that nobody asked for, so far. */
  ended: readonly string[];
  /** Lives that met no database when they began, and ended. */
  inVain: readonly string[];
  /** Each life's log so far. */
  logs(): ReadonlyMap<string, string>;
  /** Who sent what, by the connections that were made so far: the life, or null when no node made one like it. */
  senders(): (arrival: Pick<Arrival, 'port' | 'connectedMs'>) => string | null;
  close(): Promise<void>;
}

const NOTE_PORTS = new URL('./cluster-ports.ts', import.meta.url).href;
/** How a process ends when the database stays, or goes, away while it starts. */
const EXIT_AWAY = 1;
const START_TRIES = 10;
/** Of five nodes, and of those who look on. */
const CONNECTIONS = '100';

interface Inside {
  directory: string;
  postgres: PostgresServer;
  nodes: ClusterNode[];
  lives: Map<string, Spawned>;
  /** Lives that were asked to end. */
  asked: Set<string>;
  ended: string[];
  inVain: string[];
}

/** Starts PostgreSQL 18 and so many nodes on it. */
export async function openCluster(count: number): Promise<ClusterGround> {
  const postgres = await startPostgres('18', {
    tcp: true,
    settings: { synchronous_commit: 'on', max_connections: CONNECTIONS },
  });
  const directory = freshDirectory();
  const inside: Inside = { directory, postgres, nodes: [], lives: new Map(), asked: new Set(), ended: [], inVain: [] };
  const ground = groundOf(inside);
  try {
    // The first one makes the keyring that the others are given.
    const [first = '', ...others] = Array.from({ length: count }, (_, at) => `n${at + 1}`);
    await ground.start(first);
    await Promise.all(others.map((name) => ground.start(name)));
    return ground;
  } catch (error) {
    await ground.close();
    throw error;
  }
}

function groundOf(inside: Inside): ClusterGround {
  const { postgres, nodes, lives, asked, ended, inVain } = inside;
  const end = async (node: ClusterNode, signal: 'SIGKILL' | 'SIGTERM') => {
    asked.add(node.life);
    node.state = 'down';
    return node.spawned.kill(signal);
  };
  return {
    postgres,
    nodes,
    ended,
    inVain,
    living: () => nodes.filter(({ state }) => state === 'up'),
    start: (name) => started(inside, name),
    kill: async (node) => {
      await end(node, 'SIGKILL');
    },
    drain: (node) => end(node, 'SIGTERM'),
    freeze: (node) => {
      node.state = 'frozen';
      sent(node.spawned.pid, 'SIGSTOP');
    },
    thaw: (node) => {
      sent(node.spawned.pid, 'SIGCONT');
      node.state = 'up';
    },
    logs: () => new Map([...lives].map(([life, spawned]) => [life, spawned.stderr()])),
    senders: () => sendersIn(inside),
    close: async () => {
      for (const life of lives.keys()) asked.add(life);
      await Promise.all([...lives.values()].map((spawned) => spawned.kill('SIGKILL')));
      await postgres.stop();
      await rm(inside.directory, { recursive: true, force: true });
    },
  };
}

/** Starts a process until one stays, as whatever supervises nodes does: one that meets no database ends with 1. */
async function started(inside: Inside, name: string): Promise<ClusterNode> {
  for (let tries = 1; ; tries++) {
    const launched = launch(inside, name);
    try {
      return await upOf(inside, name, launched);
    } catch (error) {
      const isOver = inside.inVain.includes(launched.life);
      if (!isOver || tries === START_TRIES) throw error;
    }
  }
}

interface Launched {
  life: string;
  spawned: Spawned;
}

function launch({ directory, postgres, lives, asked, ended, inVain }: Inside, name: string): Launched {
  const life = `${name}.${[...lives.keys()].filter((one) => one.startsWith(`${name}.`)).length + 1}`;
  const spawned = spawnHookyard({
    dataDirectory: join(directory, name),
    flags: ['--allow-hosts', '127.0.0.1', '--keyring', join(directory, 'keyring.json')],
    env: {
      HOOKYARD_DATABASE_URL: postgres.url,
      NODE_OPTIONS: `--import ${NOTE_PORTS}`,
      FAULTS_PORTS_FILE: portsFile(directory, life),
    },
  });
  lives.set(life, spawned);
  const listened = spawned.listening.then(
    () => true,
    () => false,
  );
  void spawned.exited.then(async ({ code, signal, stderr }) => {
    if (asked.has(life)) return;
    if (code === EXIT_AWAY && !(await listened)) inVain.push(life);
    else ended.push(`${life} ended by itself: ${code ?? signal}\n${stderr.slice(-2000)}`);
  });
  return { life, spawned };
}

async function upOf({ nodes }: Inside, name: string, { life, spawned }: Launched): Promise<ClusterNode> {
  const url = await spawned.listening;
  const api = apiOf(url, ADMIN_KEY);
  const look = async () => (await readyz({ api })) === 200 || null;
  await eventually(`${life} to be ready`, look).catch(async (error: Error) => {
    const { text } = await api('GET', '/readyz');
    throw new Error(`${error.message}: ${text}\n${spawned.stderr().slice(-2000)}`);
  });
  const before = nodes.find((node) => node.name === name);
  const node: ClusterNode = Object.assign(before ?? {}, { name, state: 'up' as const, life, url, api, spawned });
  if (before === undefined) nodes.push(node);
  return node;
}

/** The status that a node gives itself; 0 when it does not answer. */
export async function readyz({ api }: Pick<ClusterNode, 'api'>): Promise<number> {
  return api('GET', '/readyz').then(
    ({ status }) => status,
    () => 0,
  );
}

function portsFile(directory: string, life: string): string {
  return join(directory, `${life}.ports`);
}

interface Connected {
  life: string;
  atMs: number;
}

function sendersIn({ directory, lives }: Inside): ReturnType<ClusterGround['senders']> {
  const known = connectionsOf(directory, [...lives.keys()]);
  return ({ port, connectedMs }) => {
    // A port is used again after a while: of those who had it, the one that connected at that moment.
    const near = known.get(port)?.toSorted((a, b) => Math.abs(a.atMs - connectedMs) - Math.abs(b.atMs - connectedMs));
    return near?.[0]?.life ?? null;
  };
}

function connectionsOf(directory: string, lives: readonly string[]): ReadonlyMap<number, readonly Connected[]> {
  const all = lives.flatMap((life) =>
    linesOf(portsFile(directory, life)).map((line) => {
      const [port, atMs] = line.split(' ').map(Number);
      return { port: port ?? 0, connected: { life, atMs: atMs ?? 0 } };
    }),
  );
  const byPort = new Map<number, Connected[]>();
  for (const { port, connected } of all) byPort.set(port, [...(byPort.get(port) ?? []), connected]);
  return byPort;
}

/** Nothing when it never connected to anything. */
function linesOf(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
