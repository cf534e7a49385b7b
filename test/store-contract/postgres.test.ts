import { openPostgresOn, testServers } from '../support/postgres.ts';
import { describeDurableStore } from './contract.ts';

for (const server of testServers()) describeDurableStore(server.name, openPostgresOn(server));
