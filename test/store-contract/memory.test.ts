import { openMemoryForTest } from '../support/memory.ts';
import { describeStore } from './contract.ts';

describeStore('memory', openMemoryForTest);
