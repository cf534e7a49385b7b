/** The guide to PostgreSQL as a reader follows it, on a server of this run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client } from 'pg';
import { CONNECTIONS_PER_NODE, ROADS } from '../../src/adapters/postgres/roads.ts';
import { NODE_ROLES, workOf } from '../../src/core/node-role.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { codeBlocks, onlyBlock, readPage, sectionOf, tableRows } from './page.ts';
import { differenceFrom } from './shown.ts';
import { openTerminal, type Running, startInBackground } from './terminal.ts';

const PAGE = readPage('docs/postgres.md');
const LISTENS = /listens on (http:\/\/\S+)\n/;
const WRITTEN = 'postgres://webhooks:choose-one@localhost:5432/webhooks';

/** A server of its own, and a terminal in which the page's places are those of this run. */
async function openStage(context: TestContext) {
  const server = await startPostgres('18', { tcp: true });
  const directory = mkdtempSync(join(tmpdir(), 'hookyard-docs-'));
  const terminal = openTerminal();
  const running: Running[] = [];
  context.after(async () => {
    terminal.close();
    for (const program of running) await program.stop();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const address = Object.assign(new URL(WRITTEN), { port: new URL(server.url).port }).href;
  const here = (text: string) =>
    text
      .replaceAll(WRITTEN, address)
      .replaceAll(/(?:\.\/)?(node-[ab])\b/g, (_, name: string) => join(directory, name))
      .replaceAll(/--port \d+/g, '--port 0');
  const exports = here(settingsShown());
  await terminal.run(exports);
  return {
    server,
    address,
    run: (block: string) => terminal.run(here(block)),
    async serve(command: string): Promise<string> {
      const program = startInBackground(`${exports}\n${here(command)}`);
      running.push(program);
      return program.says(LISTENS);
    },
  };
}

const shellBlocks = (section: string) =>
  codeBlocks(PAGE).filter(({ language, section: at }) => language === 'sh' && at === section);

function settingsShown(): string {
  return shellBlocks('Begin').find(({ text }) => text.startsWith('export '))?.text ?? assert.fail();
}

/** Runs the statements of a block one by one, as psql does. */
async function query(url: string, block: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const statement of block.split(/;$/m)) if (statement.trim() !== '') await client.query(statement);
  await client.end();
}

test('every command of the page works, in its order, and shows what is shown', async (context) => {
  const { server, address, run, serve } = await openStage(context);
  await query(server.url, onlyBlock(PAGE, 'sql', 'Begin'));
  const [, first = '', copy = '', second = '', look = ''] = shellBlocks('Begin').map(({ text }) => text);
  await serve(first);
  await run(copy);
  const url = await serve(second);
  const printed = await run(look.replace('http://127.0.0.1:4456', url));
  assert.equal(differenceFrom(JSON.parse(onlyBlock(PAGE, 'json', 'Begin')), JSON.parse(printed)), null);
  const [migrations] = shellBlocks('Updates and migrations');
  assert.match(await run(migrations?.text ?? ''), /^0001 {2}applied {2}store$/m);
  const tried = codeBlocks(PAGE).filter(({ language, section }) => language === 'sql' && section !== 'Begin');
  for (const { text } of tried) await query(address, text);
  assert.equal(tried.length, 2);
});

test('every command of the page stands where the test runs it', () => {
  const sections = codeBlocks(PAGE).map(({ language, section }) => `${language} ${section}`);
  assert.deepEqual(
    new Set(sections),
    new Set([
      'sql Begin',
      'sh Begin',
      'json Begin',
      'sql Connections and poolers',
      'sh Updates and migrations',
      'sql Watch',
    ]),
  );
  assert.equal(shellBlocks('Begin').length, 5);
});

test('the roles and the connections are those of the program', () => {
  const rows = tableRows(sectionOf(PAGE, 'Roles')).map(([role, does]) => [role, does]);
  assert.deepEqual(
    rows,
    NODE_ROLES.map((role) => [role, workOf(role)]),
  );
  const said = sectionOf(PAGE, 'Connections and poolers').replaceAll('\n', ' ');
  const { append, settle, work, query: lists } = ROADS;
  const counts = [CONNECTIONS_PER_NODE, append.connections, settle.connections, work.connections, lists.connections];
  const numbers =
    /up to (\d+) connections: (\d+) for appends, (\d+) for settlements, (\d+) for claims and configuration, (\d+) for lists/;
  assert.deepEqual(numbers.exec(said)?.slice(1).map(Number), counts);
});
