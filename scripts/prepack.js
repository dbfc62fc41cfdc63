// Before npm packs: the TypeScript becomes JavaScript in dist/. Afterwards, --clean takes it away, so that
// a checkout never runs an old build by mistake. (No oclif manifest: berth finds a command by its file.)
// npm publishes no package-lock.json, and images/berth is made of exactly those packages: dist/ has a copy.
import {copyFileSync, rmSync} from 'node:fs';
import {ensureInstalled, root} from './support/install.js';
import {runHere} from './support/run.js';

rmSync(`${root}dist`, {recursive: true, force: true});
if (!process.argv.includes('--clean')) {
  await ensureInstalled();
  process.exitCode = await runHere('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.build.json']);
  copyFileSync(`${root}package-lock.json`, `${root}dist/package-lock.json`);
}
