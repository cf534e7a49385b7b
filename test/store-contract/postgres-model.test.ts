import { openPostgresOn, testServers } from '../support/postgres.ts';
import { modelTest } from './model-test.ts';

for (const server of testServers()) modelTest(server.name, openPostgresOn(server), { runs: 15, shrinks: false });
