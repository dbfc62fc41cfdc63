// Before npm packs: the TypeScript becomes JavaScript in dist/. Afterwards, --clean takes it away, so that
// a checkout never runs an old build by mistake. (No oclif manifest: berth finds a command by its file.)
import {rmSync} from 'node:fs';
import {ensureInstalled, root} from './support/install.js';
import {runHere} from './support/run.js';

rmSync(`${root}dist`, {recursive: true, force: true});
if (!process.argv.includes('--clean')) {
  await ensureInstalled();
  process.exitCode = await runHere('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.build.json']);
}
