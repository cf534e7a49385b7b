import { openMemoryForTest } from '../support/memory.ts';
import { modelTest } from './model-test.ts';

modelTest('memory', openMemoryForTest, { runs: 200, shrinks: true });
