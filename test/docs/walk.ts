/**
 * Every command of a guide, in order, against a running instance. What a guide shows as the answer is compared with the
 * real one; a command that only reads is asked again until it is there.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { freshDirectory, type RunningHookyard, type StartOptions, startHookyard } from '../support/hookyard.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type CodeBlock, codeBlocks } from './page.ts';
import { differenceFrom } from './shown.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** What stands in the guides for the places of this run. */
export async function openPlaces(
  context: TestContext,
  { flags = [], env = {}, ...start }: Omit<StartOptions, 'dataDirectory'> = {},
) {
  // Also when the program does not start: an open port would keep the test from ending.
  const endings: (() => Promise<unknown>)[] = [];
  context.after(async () => {
    for (const end of endings.toReversed()) await end();
  });
  const receiver = await startReceiver();
  endings.push(() => receiver.close());
  const allowed = `localhost:${receiver.port}`;
  const dataDirectory = freshDirectory();
  endings.push(() => rm(dataDirectory, { recursive: true, force: true }));
  const hookyard = await startHookyard({
    ...start,
    dataDirectory,
    flags: ['--allow-hosts', allowed, ...flags],
    env: { HOOKYARD_API_KEY: undefined, ...env },
  });
  endings.push(() => hookyard.kill('SIGKILL'));
  const terminal = openTerminal();
  endings.push(async () => terminal.close());
  return { receiver, hookyard, terminal, here: (text: string) => placed(text, hookyard, receiver) };
}

function placed(text: string, { url, dataDirectory }: RunningHookyard, { port }: Receiver): string {
  const key = join(dataDirectory, 'admin-api-key');
  return text
    .replaceAll('.hookyard/admin-api-key', key)
    .replaceAll('http://127.0.0.1:4455', url)
    .replaceAll('localhost:9000', `localhost:${port}`);
}

/** Runs every command of a page and compares what it shows below them. */
export async function walk(page: string, terminal: Terminal, here: (text: string) => string): Promise<number> {
  const blocks = codeBlocks(page);
  let compared = 0;
  for (const [at, { language, text }] of blocks.entries()) {
    if (language !== 'sh') continue;
    const answer = answerBelow(blocks, at);
    const run = () => terminal.run(here(text));
    if (answer === null) await run();
    else await comparedWith(JSON.parse(answer), text, run);
    if (answer !== null) compared++;
  }
  return compared;
}

function answerBelow(blocks: readonly CodeBlock[], at: number): string | null {
  const below = blocks[at + 1];
  return below?.language === 'json' && below.section === blocks[at]?.section ? below.text : null;
}

async function comparedWith(shown: unknown, command: string, run: () => Promise<string>): Promise<void> {
  const difference = async () => {
    const printed = await run();
    const found = differenceFrom(shown, JSON.parse(printed));
    return found === null ? null : `${found} after\n${command}`;
  };
  const onlyReads = /^api GET \S+$/.test(command);
  if (onlyReads) await eventually(`what is shown below\n${command}`, async () => (await difference()) === null || null);
  else assert.equal(await difference(), null);
}
