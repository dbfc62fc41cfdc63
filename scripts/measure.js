// npm run measure -- gpu | gpu-grid | interference | memory: measures on this machine what docs/measurements/ tells.
import {ensureInstalled} from './support/install.js';
import {runHere} from './support/run.js';

const MEASURES = ['gpu', 'gpu-grid', 'interference', 'memory'];
const [name = '', ...args] = process.argv.slice(2);

if (MEASURES.includes(name)) {
  await ensureInstalled();
  process.exitCode = await runHere(`test/bench/${name}/main.ts`, args);
} else {
  console.error(`Usage: npm run measure -- ${MEASURES.join(' | ')}`);
  process.exitCode = 2;
}
