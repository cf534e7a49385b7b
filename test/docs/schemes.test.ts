/** The page of schemes: its tables follow the program, and each example is run by a shell and judged by it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { createMac } from '../../src/adapters/mac.ts';
import { headerValues } from '../../src/core/signature/headers.ts';
import { verify } from '../../src/core/signature/judge.ts';
import {
  COVERS,
  MAX_TOLERANCE_SECONDS,
  PRESET_NAMES,
  presetScheme,
  presetSettings,
  SETTINGS,
} from '../../src/core/signature/schemes.ts';
import { codeBlocks, onlyBlock, ROOT, readPage, sectionOf, tableRows } from './page.ts';
import { moduleFrom } from './snippet.ts';

const PAGE = readPage('docs/schemes.md');
const BODY = '{"image": "shop/api:1", "note": "né"}';
const SECRET = 'user:a-secret-of-the-sender';
/** Of the form that a source makes; a NUL and a line break are bytes like others. */
const WHSEC = `whsec_${Buffer.from('\0\n of the source, 32 bytes of it.').toString('base64')}`;

/** Says what curl would send: for each header a line, then an empty one, then the body. */
const CURL = `curl() {
  shift
  while [ $# -gt 0 ]; do
    case "$1" in
      -H) printf '%s\\n' "$2" ;;
      -u) printf 'Authorization: Basic %s\\n' "$(printf %s "$2" | openssl base64 -A)" ;;
      --data-binary) BYTES=$2 ;;
      *) exit 9 ;;
    esac
    shift 2
  done
  printf '\\n%s' "$BYTES"
}
`;

function sentBy(example: string, secret: string) {
  const env = { ...process.env, URL: 'http://127.0.0.1', BODY, SECRET: secret };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${CURL}${example}`], { env });
  assert.equal(status, 0, `${stderr}`);
  const [head = '', body = ''] = `${stdout}`.split('\n\n');
  const headers = head
    .split('\n')
    .flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
  return { headers: headerValues(headers), body: Buffer.from(body), secretUrl: false };
}

const examples = new Map(codeBlocks(PAGE).map(({ language, text }) => [language.replace(/^sh /, ''), text] as const));
/** GitHub's is another one under its name, and the other two have nothing to show. */
const WITHOUT = ['github', 'url', 'none'];

for (const name of PRESET_NAMES.filter((preset) => !WITHOUT.includes(preset))) {
  test(`the example of ${name} proves its sender`, () => {
    const own = name === 'standard-webhooks' ? WHSEC : SECRET;
    const request = sentBy(examples.get(name) ?? assert.fail(`there is no example of ${name}`), own);
    const judged = (secret: string) => verify(presetScheme(name), request, [secret], createMac(), Date.now()).reason;
    assert.equal(judged(own), null);
    assert.equal(judged(`${SECRET}x`), 'mismatch');
    assert.equal(`${request.body}`, BODY);
  });
}

test('the table of schemes has every preset and the settings that it takes', () => {
  const rows = tableRows(sectionOf(PAGE, 'Schemes'));
  assert.deepEqual(
    rows.map(([name]) => name),
    [...PRESET_NAMES],
  );
  for (const [name, , settings = ''] of rows) {
    const preset = PRESET_NAMES.find((known) => known === name) ?? assert.fail(`${name}`);
    const listed =
      settings === 'all below' ? [...SETTINGS] : settings.split(', ').map((word) => word.replaceAll('`', ''));
    assert.deepEqual(
      listed.filter((word) => word !== ''),
      [...presetSettings(preset)],
      preset,
    );
  }
});

test('the table of settings has every setting, and every value that one of them takes', () => {
  const rows = tableRows(sectionOf(PAGE, 'Settings'));
  assert.deepEqual(
    rows.map(([setting]) => setting),
    [...SETTINGS],
  );
  const meaning = new Map(rows.map(([setting = '', text = '']) => [setting, text]));
  const covers = [...(meaning.get('covers') ?? '').matchAll(/`([^`]+)`/g)].map(([, value]) => value);
  assert.deepEqual(covers, [...COVERS]);
  assert.match(meaning.get('toleranceSeconds') ?? '', new RegExp(`1 to ${MAX_TOLERANCE_SECONDS}, 300 unless told`));
});

/** The source of what the package exports under a name. */
function entry(name: string): string {
  const { exports } = JSON.parse(readPage('package.json')) as { exports: Record<string, { default: string }> };
  const built = exports[name]?.default ?? assert.fail(`nothing is exported as ${name}`);
  return new URL(built.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts'), ROOT).href;
}

/** Prints what is loaded with a module, each on its line. */
const LOADED = `import { registerHooks } from 'node:module';
registerHooks({ load: (url, context, next) => (console.info(url), next(url, context)) });
await import(process.argv[1]);`;

test('the verifiers are loaded without a package and without the server', () => {
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', LOADED, entry('./webhook-auth')]);
  const loaded = `${stdout}`.trim().split('\n');
  assert.ok(
    loaded.some((url) => url.endsWith('/src/core/signature/validate.ts')),
    `${stdout}`,
  );
  assert.deepEqual(
    loaded.filter((url) => !/^node:|\/src\/(?:core|adapters)\//.test(url) || url.includes('/node_modules/')),
    [],
  );
});

test('the snippet for programs that verify by themselves tells right from wrong', async (context) => {
  const snippet = onlyBlock(PAGE, 'js', 'In your own program');
  const here = snippet.replace("from 'hookyard/webhook-auth'", `from '${entry('./webhook-auth')}'`);
  const { isFromGitHub, isFromGitLab } = await moduleFrom(here, context);
  const body = Buffer.from(BODY);
  const headers = { 'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}` };
  assert.equal(isFromGitHub?.(body, headers, SECRET), true);
  for (const wrong of [isFromGitHub?.(body, headers, 'another'), isFromGitHub?.(body, {}, SECRET)])
    assert.equal(wrong, false);
  assert.equal(isFromGitLab?.({ 'x-gitlab-token': SECRET }, SECRET), true);
  for (const wrong of [{}, { 'x-gitlab-token': 'another' }]) assert.equal(isFromGitLab?.(wrong, SECRET), false);
});
