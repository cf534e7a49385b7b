/** Writes the reference pages anew: `node test/docs/write.ts`, after a change of the tables they follow. */
import { writeFileSync } from 'node:fs';
import { ROOT } from './page.ts';
import { referencePages } from './reference.ts';

for (const [path, page] of Object.entries(referencePages)) writeFileSync(new URL(path, ROOT), page());
