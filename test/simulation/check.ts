/** Runs many scenarios and says, in words, which one broke a promise. */
import fc from 'fast-check';
import { type Scenario, type Size, scenarios } from './scenario.ts';
import { simulate } from './simulate.ts';
import { told } from './told.ts';

/** What was simulated, in all; `failure` tells of the smallest scenario found that broke a promise. */
export interface Checked {
  seed: number;
  scenarios: number;
  deliveries: number;
  requests: number;
  simulatedS: number;
  longestWaitMs: number;
  failure: string | null;
}

const MAX_COMPLAINTS = 8;

/** @param options.seed of fast-check; a fresh one when it is left out */
export async function check(size: Size, options: { runs: number; seed?: number }): Promise<Checked> {
  const sum = { scenarios: 0, deliveries: 0, requests: 0, simulatedS: 0, longestWaitMs: 0 };
  const property = fc.asyncProperty(scenarios(size), async (scenario) => {
    const { complaints, deliveries, requests, longestWaitMs, endedAtS } = await simulate(scenario);
    sum.scenarios++;
    sum.deliveries += deliveries;
    sum.requests += requests;
    sum.simulatedS += endedAtS;
    sum.longestWaitMs = Math.max(sum.longestWaitMs, longestWaitMs);
    return complaints.length === 0;
  });
  const { runs: numRuns, seed } = options;
  const found = await fc.check(property, { numRuns, ...(seed === undefined ? {} : { seed }) });
  const [smallest] = found.counterexample ?? [];
  const failure = smallest === undefined ? null : await failureOf(smallest, found.seed, found.counterexamplePath);
  return { ...sum, seed: found.seed, failure };
}

async function failureOf(scenario: Scenario, seed: number, path: string | null): Promise<string> {
  const thrown = (error: unknown) => ({ complaints: [error instanceof Error ? `${error.stack}` : `${error}`] });
  const { complaints } = await simulate(scenario).catch(thrown);
  return [
    `seed ${seed}, path ${path}`,
    ...told(scenario),
    `what is wrong with it, the first ${MAX_COMPLAINTS} of ${complaints.length}:`,
    ...complaints.slice(0, MAX_COMPLAINTS).map((complaint) => `  ${complaint}`),
    `the scenario: ${JSON.stringify(scenario)}`,
  ].join('\n');
}
