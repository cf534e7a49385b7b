import { openSqliteForTest } from '../support/sqlite.ts';
import { describeDurableStore } from './contract.ts';

describeDurableStore('sqlite', openSqliteForTest);
