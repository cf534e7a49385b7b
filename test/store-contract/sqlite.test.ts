import { openSqliteForTest } from '../support/sqlite.ts';
import { describeStore } from './contract.ts';

describeStore('sqlite', openSqliteForTest);
