#!/usr/bin/env node
// The first file that runs, on whatever Node the machine has (18 or newer can read it): plain JavaScript
// that loads nothing until it knows that it stands on a Node that can run Berth.
import {existsSync, readFileSync} from 'node:fs';
import module from 'node:module';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const argv = process.argv.slice(2);
const packageJson = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

if (argv.length === 1 && ['--version', '-v', 'version'].includes(argv[0] ?? '')) {
  console.log(`berth ${packageJson.version}`);
} else if (isNewEnough(process.versions.node)) {
  await runHere();
} else {
  await runOnOwnNode();
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 12);
}

/** A checkout runs its TypeScript as it is; the published package has it built. */
async function runHere() {
  module.enableCompileCache?.();
  const checkout = existsSync(`${root}src`);
  const {main} = await import(checkout ? '../src/cli/main.ts' : '../dist/cli/main.js');
  // Deadlines do not keep a program alive by themselves: after a lost connection nothing else might, and the command
  // would end without a word instead of with the deadline's error.
  const alive = setInterval(() => undefined, 2 ** 30);
  const code = await main(argv, {root, packageJson, commands: checkout ? 'src/commands' : 'dist/commands'});
  clearInterval(alive);
  // Idle connections must not keep a finished command alive, and exit() must not cut its output.
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise((resolve) => stream.write('', resolve));
  }
  process.exit(code);
}

/** A checkout brings its own Node, as the npm package `node`. */
async function runOnOwnNode() {
  const own = [`${root}node_modules/node/bin/node`, `${root}../node/bin/node`].find((path) =>
    existsSync(path),
  );
  if (own === undefined) {
    console.error(`Berth needs Node 24.12 or newer; this is Node ${process.versions.node}.`);
    console.error('  try: npm install --global node@24');
    process.exitCode = 1;
    return;
  }
  const {spawn} = await import('node:child_process');
  const child = spawn(own, process.argv.slice(1), {stdio: 'inherit'});
  // On a terminal, Ctrl-C reaches the child by itself, and a second one would mean "end at once".
  const onTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  process.on('SIGINT', () => onTerminal || child.kill('SIGINT'));
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${own} cannot be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
