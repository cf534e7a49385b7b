/** Runs many scenarios of clusters and says, in words, which one broke a promise. */
import fc from 'fast-check';
import { clusterScenarios, simulateCluster } from './cluster.ts';

export interface CheckedClusters {
  seed: number;
  scenarios: number;
  requests: number;
  /** Tries that were made a second time, because nobody could tell what had come of them. */
  again: number;
  failure: string | null;
}

const MAX_COMPLAINTS = 8;

/** @param options.seed of fast-check; a fresh one when it is left out */
export async function checkClusters(options: { runs: number; seed?: number }): Promise<CheckedClusters> {
  const sum = { scenarios: 0, requests: 0, again: 0 };
  const property = fc.asyncProperty(clusterScenarios(), async (scenario) => {
    const { complaints, requests, again } = await simulateCluster(scenario);
    sum.scenarios++;
    sum.requests += requests;
    sum.again += again;
    return complaints.length === 0;
  });
  const { runs: numRuns, seed } = options;
  const found = await fc.check(property, { numRuns, ...(seed === undefined ? {} : { seed }) });
  const [smallest] = found.counterexample ?? [];
  if (smallest === undefined) return { ...sum, seed: found.seed, failure: null };
  const { complaints } = await simulateCluster(smallest);
  const failure = [
    `seed ${found.seed}, path ${found.counterexamplePath}`,
    ...complaints.slice(0, MAX_COMPLAINTS).map((complaint) => `  ${complaint}`),
    `the scenario: ${JSON.stringify(smallest)}`,
  ].join('\n');
  return { ...sum, seed: found.seed, failure };
}
