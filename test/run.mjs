// What `npm test` starts. Plain JavaScript, so that a Node too old for TypeScript can still say what is wrong.
const [major] = process.versions.node.split('.').map(Number);
if (major >= 24) {
  await import('./run.ts');
} else {
  process.stderr.write(
    `These tests need Node 24 or later; this is ${process.version}.\n` +
      'Run `npm ci` and then `npm test`: npm installs the right Node into node_modules and starts the tests with it.\n',
  );
  process.exitCode = 2;
}
