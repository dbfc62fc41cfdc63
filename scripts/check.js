// npm run check: everything that can be said of the code without running it, two tools at a time.
import {mkdirSync} from 'node:fs';
import {ensureInstalled, root} from './support/install.js';
import {runQuietly} from './support/run.js';

const CACHE = 'node_modules/.cache/berth';

/** The slowest first, so that two at a time end together. @type {[name: string, program: string, args: string[]][]} */
const CHECKS = [
  // No cache: a typed rule may judge a file anew when another file has changed.
  ['lint', 'node_modules/eslint/bin/eslint.js', ['.']],
  [
    'types',
    'node_modules/typescript/bin/tsc',
    ['-p', '.', '--incremental', '--tsBuildInfoFile', `${CACHE}/tsc.tsbuildinfo`],
  ],
  ['dead code', 'node_modules/knip/bin/knip.js', ['--no-progress']],
  ['floors', 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', ['src', '--output-type', 'err']],
  [
    'format',
    'node_modules/prettier/bin/prettier.cjs',
    ['--check', '.', '--log-level', 'warn', '--cache', '--cache-location', `${CACHE}/prettier`],
  ],
];

await ensureInstalled();
mkdirSync(root + CACHE, {recursive: true});
const waiting = [...CHECKS];
/** @type {string[]} */
const failed = [];

async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, program, args] = next;
    const started = Date.now();
    const {code, output} = await runQuietly(program, args);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(9)}  ${seconds} s`);
    if (code === 0) continue;
    failed.push(name);
    console.log(output.trimEnd());
  }
}

await Promise.all([work(), work()]);
console.log(failed.length === 0 ? 'All checks pass.' : `Failed: ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
