import { openMemoryForTest, openMemoryProcesses } from '../support/memory.ts';
import { describeStore } from './contract.ts';
import { describeNeighbours } from './neighbours.ts';

describeStore('memory', openMemoryForTest);
describeNeighbours('memory', openMemoryProcesses);
