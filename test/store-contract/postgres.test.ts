import { openPostgresOn, testServers } from '../support/postgres.ts';
import { describeStore } from './contract.ts';

for (const server of testServers()) describeStore(server.name, openPostgresOn(server));
