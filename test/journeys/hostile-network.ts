/**
 * The address corpus against the real program, inside the network of `private-network.ts`: created, tested and
 * delivered, every connection written down by whoever took it. Prints one JSON document.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/clock.ts';
import { openDataDirectory } from '../../src/adapters/data-directory.ts';
import { createSealer, openKeyring } from '../../src/adapters/keyring.ts';
import { openSqlite } from '../../src/adapters/sqlite/opening.ts';
import { createConfigurationCache } from '../../src/flows/configuration.ts';
import type { Gate } from '../../src/ports.ts';
import { type AddressCase, addressCases } from '../support/address-corpus.ts';
import { subscribe } from '../support/flows.ts';
import { freshDirectory, type RunningHookyard, startHookyard } from '../support/hookyard.ts';
import { type AttemptShown, attemptsOf, deliveryOf, publish } from '../support/journey.ts';
import { startNameServer } from '../support/name-server.ts';
import { allowed, fakePorts } from '../support/ports.ts';
import { type Sink, startSink } from './hostile-sink.ts';

/** What the program said of one URL at one place. */
export interface Said {
  verdict: 'allowed' | 'blocked' | 'other';
  words: string;
}

/** What came of one case. */
export interface Outcome {
  id: string;
  create: Said;
  test: Said | null;
  delivery: Said | null;
  /** Addresses that were connected to for it. */
  reached: readonly string[];
}

const SUBSCRIPTIONS = '/api/v1/webhook-subscriptions';

/** Whether real DNS packets can carry the answers of a case. */
function isOnTheWire({ dns = {} }: AddressCase): boolean {
  return Object.values(dns).every((addresses) => addresses.every((address) => /^[0-9a-f.:]+$/i.test(address)));
}

/** Puts subscriptions into a data directory that the address gate would never let in; ids by case. */
async function putUnchecked(directory: string, cases: readonly AddressCase[]): Promise<ReadonlyMap<string, string>> {
  openDataDirectory(directory);
  const keyring = openKeyring(join(directory, 'keyring.json'));
  if (keyring.kind === 'unusable') throw new Error(keyring.reason);
  const { log } = fakePorts();
  const opened = await openSqlite({ directory, log, onFatal: fatal, migrate: true });
  if (opened.kind === 'refused') throw new Error(opened.reason);
  const ports = fakePorts({ clock: systemClock, store: opened.store, sealer: createSealer(keyring.keyring) });
  const configuration = createConfigurationCache(ports);
  const ids = new Map<string, string>();
  for (const { id, url } of cases) {
    const changes = { name: id, url, events: [typeOf(id)], retryPolicy: { maxRetries: 0 } };
    ids.set(id, (await subscribe({ ...ports, gate: ALL_PASS, configuration }, changes)).id);
  }
  await opened.store.close();
  return ids;
}

const ALL_PASS: Gate = { vet: async () => allowed('https://public.test/') };

function fatal(error: Error): void {
  throw error;
}

function typeOf(id: string): string {
  return `corpus.${id.replaceAll('-', '_')}`;
}

/** The same URL again is told apart by its query, since the sender believes a verdict on a URL for some seconds. */
function urlOf({ id, url, dns }: AddressCase): string {
  return dns !== undefined && /^https:\/\/(hooks\.example\.com\/x|rebind\.example\/hook)$/.test(url)
    ? `${url}?${id}`
    : url;
}

interface Ground {
  hookyard: RunningHookyard;
  zone: Record<string, readonly string[]>;
  sink: Sink;
}

function setZone({ zone }: Ground, dns: Readonly<Record<string, readonly string[]>> = {}): void {
  for (const name of Object.keys(zone)) delete zone[name];
  Object.assign(zone, dns);
}

async function create({ hookyard }: Ground, one: AddressCase): Promise<{ said: Said; id: string | null }> {
  const fields = { name: one.id, url: urlOf(one), events: [typeOf(one.id)], sslVerification: false };
  const answer = await hookyard.api<{ id: string }>('POST', SUBSCRIPTIONS, {
    ...fields,
    retryPolicy: { maxRetries: 0 },
  });
  if (answer.status === 201) return { said: { verdict: 'allowed', words: '' }, id: answer.data.id };
  return { said: refusalOf(answer), id: null };
}

async function tested({ hookyard }: Ground, id: string): Promise<Said> {
  const answer = await hookyard.api<AttemptShown>('POST', `${SUBSCRIPTIONS}/${id}/test`, { event: 'release.created' });
  return answer.status === 200 ? saidBy(answer.data) : refusalOf(answer);
}

function refusalOf({ problem }: Awaited<ReturnType<RunningHookyard['api']>>): Said {
  const isRefusal = problem.code === 'url_refused' || problem.code === 'url_unresolved';
  const [wrong] = problem.errors ?? [];
  return { verdict: isRefusal ? 'blocked' : 'other', words: wrong?.message ?? problem.code };
}

async function delivered({ hookyard }: Ground, { id, redirect }: AddressCase): Promise<Said> {
  const event = await publish(hookyard, typeOf(id), redirect === undefined ? {} : { redirect });
  if (event.deliveries === 0) return { verdict: 'other', words: 'nothing was to be delivered' };
  const { id: deliveryId } = await deliveryOf(hookyard, event.id, ({ closedAt }) => closedAt !== null);
  const [attempt] = await attemptsOf(hookyard, deliveryId);
  return attempt === undefined ? { verdict: 'other', words: 'no attempt' } : saidBy(attempt);
}

/** What a try says, of a test or of a delivery. */
function saidBy({ code, error, remedy }: Pick<AttemptShown, 'code' | 'error' | 'remedy'>): Said {
  switch (code) {
    case null:
    case 'redirect_refused':
      return { verdict: 'allowed', words: '' };
    case 'ssrf_blocked':
      return { verdict: 'blocked', words: `${error} ${remedy}` };
    case 'dns_not_found':
      return { verdict: 'blocked', words: error ?? '' };
    default:
      return { verdict: 'other', words: error ?? code };
  }
}

/** What was put in unchecked is tested and delivered; the others are what their creation made of them. */
async function outcomeOf(ground: Ground, one: AddressCase, unchecked: string | undefined): Promise<Outcome> {
  ground.sink.clear();
  setZone(ground, one.dns);
  const made = await create(ground, one);
  const id = unchecked ?? made.id;
  if (unchecked === undefined) setZone(ground, one.then_dns ?? one.dns);
  const test = id === null ? null : await tested(ground, id);
  const delivery = id === null ? null : await delivered(ground, one);
  return { id: one.id, create: made.said, test, delivery, reached: ground.sink.reached() };
}

async function run(): Promise<readonly Outcome[]> {
  const cases = addressCases().filter(isOnTheWire);
  const directory = freshDirectory();
  const unchecked = await putUnchecked(
    directory,
    cases.filter(({ expect }) => expect === 'block'),
  );
  const zone: Ground['zone'] = {};
  const names = await startNameServer(zone);
  const sink = await startSink(cases.flatMap(({ url, redirect }) => [url, redirect?.location ?? '']));
  // No allow-list: this is the gate as it stands in production.
  const hookyard = await startHookyard({ dataDirectory: directory, env: names.env });
  const outcomes: Outcome[] = [];
  for (const one of cases) outcomes.push(await outcomeOf({ hookyard, zone, sink }, one, unchecked.get(one.id)));
  await hookyard.stop();
  await sink.close();
  names.close();
  rmSync(directory, { recursive: true, force: true });
  return outcomes;
}

process.stdout.write(JSON.stringify(await run()));
