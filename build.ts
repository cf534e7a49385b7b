/** Makes `dist/`, which is what gets published: `src/` compiled, and the SQL beside it. Writes nothing else. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = import.meta.dirname;
const SOURCES = join(ROOT, 'src');
const BUILT = join(ROOT, 'dist');
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');

process.exitCode = build();

/** Returns the exit code of the compiler; without 0 there is no `dist/`. */
function build(): number {
  rmSync(BUILT, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [COMPILER, '-p', join(ROOT, 'tsconfig.build.json')], {
    stdio: 'inherit',
  });
  if (status !== 0) {
    rmSync(BUILT, { recursive: true, force: true });
    return status ?? 1;
  }
  for (const file of globSync('**/*.sql', { cwd: SOURCES })) cpSync(join(SOURCES, file), join(BUILT, file));
  chmodSync(join(BUILT, 'cli/main.js'), 0o755);
  return 0;
}
