// npm start: from a fresh clone to an answer. Runs on the system's Node, 20 or newer.
import {ensureInstalled} from './support/install.js';
import {runHere} from './support/run.js';

await ensureInstalled();
process.exitCode = await runHere('bin/run.js', ['deploy', '--first-run', ...process.argv.slice(2)]);
