/** The README as a reader follows it: the same commands, with a data directory and ports of this run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { codeBlocks, onlyBlock, readPage } from './page.ts';
import { moduleFrom } from './snippet.ts';
import { openTerminal, type Running, startInBackground } from './terminal.ts';

const README = readPage('README.md');
const MAX_LINES = 150;
const LISTENS = /listens on (http:\/\/\S+)\n/;

/** What the steps of the README are looked at for. */
interface Answers {
  data: { status: string; success: boolean; body: string; headers: Record<string, string> }[];
}

test('the README fits into 150 lines', () => {
  assert.ok(README.trimEnd().split('\n').length <= MAX_LINES);
});

test('`npm ci` would install exactly what package.json asks for', () => {
  const asked = JSON.parse(readPage('package.json')) as Record<string, Record<string, string>>;
  const { packages } = JSON.parse(readPage('package-lock.json')) as { packages: Record<string, typeof asked> };
  for (const kind of ['dependencies', 'devDependencies']) {
    assert.deepEqual(packages['']?.[kind], asked[kind], kind);
    for (const [name, version] of Object.entries(asked[kind] ?? {})) {
      // `npm:package@version` is a package under another name.
      assert.equal(packages[`node_modules/${name}`]?.version, version.split('@').at(-1), name);
    }
  }
});

test('the first minute and a source work as written, and so does the snippet that verifies', async (context) => {
  const stage = await openStage(context);
  const [install = '', receiver = '', subscribe = '', look = ''] = blocksOf('The first minute');
  assert.match(install, /^npm ci\nnpm start /);
  const program = stage.start(install.replace('npm ci\n', ''), { HOOKYARD_DATA: stage.data, HOOKYARD_PORT: '0' });
  const url = await program.says(LISTENS);
  const received = stage.start(receiver);
  await received.says(/(receiver on)/);
  const run = (block: string) => stage.run(block.replaceAll('http://127.0.0.1:4455', url));
  await run(subscribe);
  const [, promised = ''] = /The receiver prints `([^`]+)`/.exec(README) ?? [];
  assert.equal(promised, 'deployment.completed, signature valid');
  await received.says(new RegExp(`^(${promised})$`, 'm'));
  const delivery = await eventually('a delivery that succeeded', async () => {
    const { data } = JSON.parse(await run(look)) as Answers;
    return data.find(({ status, success }) => status === 'succeeded' && success);
  });

  const [source = ''] = blocksOf('Receiving pushes');
  const made = JSON.parse(await run(source)) as { data: { urls: { secret: string } } };
  assert.ok(made.data.urls.secret.startsWith(`${url}/api/webhook/`));

  const { isFromHookyard } = await moduleFrom(onlyBlock(README, 'js', 'Verifying a delivery'), context);
  const { body, headers } = delivery;
  const signature = headers['x-stella-signature'];
  assert.equal(isFromHookyard?.(body, headers, 'my-secret-key'), true);
  assert.equal(isFromHookyard?.(`${body} `, headers, 'my-secret-key'), false);
  assert.equal(isFromHookyard?.(body, headers, 'another'), false);
  const rotating = { 'x-stella-signature': '00'.repeat(32), 'x-stella-signature-next': signature };
  assert.equal(isFromHookyard?.(body, rotating, 'my-secret-key'), true);
  for (const forged of [undefined, '', 'é', signature?.slice(2), `${signature}00`.slice(2)]) {
    const given = { 'x-stella-signature': forged, 'x-stella-signature-next': forged };
    assert.equal(isFromHookyard?.(body, given, 'my-secret-key'), false, `${forged}`);
  }
});

test('it runs as "Running it" says', async (context) => {
  const stage = await openStage(context);
  const [command = ''] = blocksOf('Running it');
  const program = stage.start(command.replace('--port 4455', '--port 0'));
  const url = await program.says(LISTENS);
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
});

function blocksOf(section: string): string[] {
  return codeBlocks(README)
    .filter((block) => block.language === 'sh' && block.section === section)
    .map(({ text }) => text);
}

/** Terminals whose commands go to the places of this run; everything ends with the test. */
async function openStage(context: TestContext) {
  const data = join(mkdtempSync(join(tmpdir(), 'hookyard-docs-')), 'data');
  const port = `${await freePort()}`;
  const terminal = openTerminal();
  const running: Running[] = [];
  context.after(async () => {
    terminal.close();
    for (const program of running) await program.stop();
    rmSync(join(data, '..'), { recursive: true, force: true });
  });
  const here = (text: string) => text.replaceAll(/(\.\/)?\.hookyard/g, data).replaceAll('9000', port);
  return {
    data,
    run: (block: string) => terminal.run(here(block)),
    start(command: string, env: Readonly<Record<string, string>> = {}): Running {
      const program = startInBackground(here(command), env);
      running.push(program);
      return program;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
