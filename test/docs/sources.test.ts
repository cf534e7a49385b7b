import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemeInput } from '../../src/core/signature/schemes.ts';
import { type DedupeRule, GROUP_ROUTES, SOURCE_TYPES } from '../../src/core/source.ts';
import { needsSecret } from '../../src/core/source-secrets.ts';
import { sourceInput } from '../../src/server/schemas/source.ts';
import { readPage, sectionOf, tableRows } from './page.ts';
import { openPlaces, walk } from './walk.ts';

const PAGE = readPage('docs/sources.md');

test('every command of the guide to sources works and answers what is shown', async (context) => {
  const { terminal, here, hookyard } = await openPlaces(context);
  const placed = (text: string) => here(text).replaceAll('.hookyard/', `${hookyard.dataDirectory}/`);
  assert.ok((await walk(PAGE, terminal, placed)) > 8);
});

test('the table of types is that of the program', () => {
  const rows = Object.entries(SOURCE_TYPES).map(([type, { sender, groups, defaultScheme }]) => {
    const scheme = schemeInput(defaultScheme);
    const routes = groups.map((group) => GROUP_ROUTES[group]).join(', ');
    return [
      type,
      sender,
      routes,
      scheme.header === undefined ? scheme.type : `\`${scheme.type}\` in \`${scheme.header}\``,
    ];
  });
  assert.deepEqual(tableRows(sectionOf(PAGE, 'Types')), rows);
});

test('each type has its line of what to enter, with the secret where its proof needs one', () => {
  const rows = tableRows(sectionOf(PAGE, 'What to enter at each sender'));
  assert.deepEqual(
    rows.map(([type, text = '']) => [type, text.includes('`secret`')]),
    Object.entries(SOURCE_TYPES).map(([type, { defaultScheme }]) => [type, needsSecret(defaultScheme)]),
  );
  for (const [type = '', text = ''] of rows) assert.match(text, /URL|what the registry's own type|the same/, type);
});

test('the table of fields has all that a source takes', () => {
  const named = tableRows(sectionOf(PAGE, 'Fields')).flatMap(([cell = '']) => cell.replaceAll('`', '').split(', '));
  assert.deepEqual(named.sort(), Object.keys(sourceInput.shape).sort());
});

/** How the page calls the id that a rule looks at. */
function idOf(rule: DedupeRule): string {
  switch (rule.by) {
    case 'header':
      return rule.names.join(' or ');
    case 'body':
      return [`${rule.paths.map((path) => path.join('.')).join(' or ')} in the body`, ...rule.headers].join(', or ');
    case 'events':
      return 'the ids of all its events';
    case 'cloudevent':
      return 'source and id of its events';
    case 'facts':
      return 'none of its own';
    case 'caller':
      return 'none of its own: every post counts';
  }
}

test('the table of ids has each type with the rule that tells its repeats', () => {
  const rows = tableRows(sectionOf(PAGE, 'Repeats')).flatMap(([types = '', id = '']) => {
    const plain = id.replaceAll('`', '');
    return types
      .replaceAll('`', '')
      .split(', ')
      .map((type) => [type, /^X-|^Idempotency/.test(plain) ? plain.toLowerCase() : plain]);
  });
  const rules = Object.entries(SOURCE_TYPES).map(([type, { dedupe }]) => [type, idOf(dedupe)]);
  assert.deepEqual(rows.sort(), rules.sort());
});
