import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const bench = fileURLToPath(new URL('./main.ts', import.meta.url));
/** Too short for anything: as on a machine that stood still, each window has to wait for what it tells. */
const SHORT = ['--rounds', '1', '--seconds', '0.001', '--warm-up', '0.001', '--connections', '8'];

/** What it printed. Rejects when something was lost: it then ends with 1. */
async function printed(...parameters: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...parameters, ...SHORT]);
  return stdout;
}

function assertLedger(text: string): void {
  const [, accepted, delivered] = text.match(/Ledger: ([\d,]+) accepted, ([\d,]+) delivered, 0 lost\./) ?? [];
  assert.ok(accepted !== undefined && accepted !== '0');
  assert.ok(delivered !== undefined && Number(delivered.replaceAll(',', '')) >= Number(accepted.replaceAll(',', '')));
}

const ARRIVALS = ['closed loop, arrivals/s', 'closed loop, p99 ms', 'open loop, p50 ms', 'open loop, 202 p99 ms'];

/** Each with the rows of figures it prints. */
const BENCHMARKS: readonly { parameters: readonly string[]; rows: readonly string[] }[] = [
  { parameters: ['b3', '--rate', '100'], rows: ['202', 'receiver'] },
  { parameters: ['b4', '--receivers', '10', '--timeout', '0.2'], rows: ARRIVALS },
  { parameters: ['b5', '--backlog', '700'], rows: [...ARRIVALS, 'calm', 'troubled'] },
  { parameters: ['b6', '--subscriptions', '20,501', '--deliveries', '200', '--rate', '200'], rows: ['20', '501'] },
  { parameters: ['b7', '--sizes', '20', '--backlogs', '30'], rows: ['20', 'due_pkey', 'settle'] },
  { parameters: ['b9', '--sizes', '20', '--processes', '2'], rows: ['2', 'due_pkey', 'write'] },
  { parameters: ['tenants', '--flood', '200', '--tens', '1'], rows: ['alone', 'beside its backlog'] },
];

describe('the benchmark', { concurrency: 2 }, () => {
  it('prints figures for Hookyard and its floor, and loses nothing', async () => {
    const text = await printed('b1', '--subjects', 'hookyard,floor');
    assert.match(text, /^ {2}hookyard ÷ floor +\d+\.\d\d /m);
    assert.match(text, /^ {2}hookyard +[1-9]/m);
    assert.match(text, /^ {2}floor +[1-9]/m);
    assertLedger(text);
  });

  it('prints figures for both on PostgreSQL, and loses nothing', async () => {
    const text = await printed('b1pg', '--subjects', 'hookyard,floor+record');
    assert.match(text, /^ {2}hookyard ÷ floor\+record +\d+\.\d\d /m);
    assertLedger(text);
  });

  for (const { parameters, rows } of BENCHMARKS) {
    it(`prints the figures of ${parameters[0]}, and loses nothing`, async () => {
      const text = await printed(...parameters);
      for (const row of rows) assert.match(text, new RegExp(`^  ${row}(?:  +(?:[\\d,.]+(?:–[\\d,.]+)?|–))+$`, 'm'));
      assert.doesNotMatch(text, /NaN|Infinity/);
      assertLedger(text);
    });
  }

  it('refuses names and numbers it does not know', async () => {
    await assert.rejects(printed('b2'), { code: 2, stderr: /^Unknown: b2\. Known: b1, / });
    await assert.rejects(printed('b3', '--rate', 'fast'), { code: 2 });
  });
});
