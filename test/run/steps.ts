/** What `npm test` runs, in this order. */

export type Step =
  /** A script for Node, from the project's root; it passes when it exits with 0. */
  | { name: string; title: string; program: string; args: readonly string[] }
  /** Test files. */
  | { name: string; title: string; files: readonly string[] };

export const STEPS: readonly Step[] = [
  { name: 'lint', title: 'format and lint', program: 'node_modules/@biomejs/biome/bin/biome', args: ['check', '.'] },
  { name: 'types', title: 'types', program: 'node_modules/typescript/bin/tsc', args: ['--noEmit'] },
  {
    name: 'architecture',
    title: 'architecture',
    files: ['test/architecture.test.ts', 'test/architecture/**/*.test.ts'],
  },
  {
    name: 'unit',
    title: 'units',
    files: ['src/**/*.test.ts', 'bench/**/*.test.ts', 'test/support/**/*.test.ts', 'test/run/**/*.test.ts'],
  },
  { name: 'contract', title: 'store contract', files: ['test/store-contract/**/*.test.ts'] },
  { name: 'simulation', title: 'the scheduler in virtual time', files: ['test/simulation/**/*.test.ts'] },
  { name: 'vectors', title: 'known answers', files: ['test/vectors/**/*.test.ts'] },
  { name: 'journeys', title: 'journeys', files: ['test/journeys/**/*.test.ts'] },
  { name: 'faults', title: 'faults, the short ones', files: ['test/faults/**/*.test.ts'] },
  { name: 'package', title: 'package', files: ['test/package/**/*.test.ts'] },
  { name: 'docs', title: 'documents', files: ['test/docs/**/*.test.ts'] },
];
