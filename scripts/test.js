// npm test: every test that this machine can run; the last line counts them.
import {existsSync} from 'node:fs';
import {ensureInstalled} from './support/install.js';
import {runHere} from './support/run.js';

const PROJECTS = ['unit', 'contract', 'integration', 'faults', 'browser'];
const args = process.argv.slice(2);
const chosen = args.some((arg) => arg === '--project' || arg.startsWith('--project='));
const gpu = ['/usr/bin/nvidia-smi', '/usr/lib/wsl/lib/nvidia-smi'].some((path) => existsSync(path));
const projects = chosen ? [] : [...PROJECTS, ...(gpu ? ['gpu'] : [])].flatMap((name) => ['--project', name]);

await ensureInstalled();
process.exitCode = await runHere('node_modules/vitest/vitest.mjs', ['run', ...projects, ...args]);
