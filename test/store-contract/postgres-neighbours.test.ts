import { openPostgresProcesses, testServers } from '../support/postgres.ts';
import { describeNeighbours } from './neighbours.ts';

for (const server of testServers()) describeNeighbours(server.name, openPostgresProcesses(server));
