import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const bench = fileURLToPath(new URL('./main.ts', import.meta.url));

describe('the benchmark', () => {
  it('prints figures for Hookyard and its floor, and loses nothing', async () => {
    const flags = ['b1', '--rounds', '1', '--seconds', '0.3', '--warm-up', '0.1', '--connections', '8'];
    const parameters = [bench, ...flags, '--subjects', 'hookyard,floor'];
    // Ends with 1, and so rejects, when something was lost.
    const { stdout } = await promisify(execFile)(process.execPath, parameters);
    assert.match(stdout, /^ {2}hookyard ÷ floor +\d+\.\d\d /m);
    assert.match(stdout, /^ {2}hookyard +[1-9]/m);
    assert.match(stdout, /^ {2}floor +[1-9]/m);
    const [, accepted, delivered] = stdout.match(/Ledger: ([\d,]+) accepted, ([\d,]+) delivered, 0 lost\./) ?? [];
    assert.ok(accepted !== undefined && accepted !== '0');
    assert.ok(delivered !== undefined && Number(delivered.replaceAll(',', '')) >= Number(accepted.replaceAll(',', '')));
  });
});
