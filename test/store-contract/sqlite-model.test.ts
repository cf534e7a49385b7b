import { openSqliteForTest } from '../support/sqlite.ts';
import { modelTest } from './model-test.ts';

modelTest('sqlite', openSqliteForTest, { runs: 25, shrinks: false });
