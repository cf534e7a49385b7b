import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectFiles } from '../architecture/sources.ts';
import { ROOT, readPage } from './page.ts';

const HOME = fileURLToPath(ROOT);
const FILES = projectFiles();
const PAGES = FILES.filter((path) => path.endsWith('.md'));
/** The pages name files of the program without `src/`. */
const BASES = ['', 'src'];

test('every relative link leads to a file, and to a heading where it names one', () => {
  for (const page of PAGES) {
    for (const [, target = ''] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      assert.ok(existsSync(join(HOME, file)), `${page} links to ${target}`);
      if (heading !== undefined) assert.ok(anchorsOf(file).includes(heading), `${page} links to ${target}`);
    }
  }
});

test('every file and folder of the project that a page names is there', () => {
  let named = 0;
  for (const page of PAGES) {
    for (const [, name = ''] of proseOf(page).matchAll(/`([^`\n]+)`/g)) {
      if (!isFileName(name)) continue;
      named++;
      assert.ok(isThere(name, page), `${page} names ${name}`);
    }
  }
  assert.ok(named > 20, `only ${named} names were found`);
});

test('a page that names what is not there is found', () => {
  assert.ok(isFileName('src/core/nothing.ts') && !isThere('src/core/nothing.ts', 'README.md'));
  assert.ok(isFileName('nothing.ts') && !isThere('nothing.ts', 'README.md'));
  assert.ok(isFileName('core/nothing/') && !isThere('core/nothing/', 'README.md'));
  assert.deepEqual(['/api/v1/events', 'org:7/repo:42', 'application/json', 'keyring.json'].filter(isFileName), []);
});

/** A page without its code blocks. */
function proseOf(page: string): string {
  return readPage(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
}

/** The anchors GitHub gives headings. */
function anchorsOf(page: string): string[] {
  return [...readPage(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** A path with folders, or a name that only a file of the project can have. */
function isFileName(text: string): boolean {
  if (!/^(?:\.{1,2}\/)?[\w.-]+(?:\/[\w.-]+)*\/?$/.test(text)) return false;
  return (
    /[\w-]\.(?:ts|mjs|py|sql|md)$/.test(text) || /^(?:[a-z][\w-]*\/)+$/.test(text) || /^\w[\w.-]*\/.*\.\w+$/.test(text)
  );
}

function isThere(name: string, page: string): boolean {
  const bases = [...BASES, dirname(page)];
  if (bases.some((base) => existsSync(join(HOME, base, name)))) return true;
  return !name.includes('/') && FILES.some((path) => path.endsWith(`/${name}`));
}
