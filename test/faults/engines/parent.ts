/** A parent that is killed: it starts an engine as a supervisor does and tells where it listens once it is ready. */
import {startEngine} from '../../integration/engines/rig.ts';

const [weights] = process.argv.slice(2);
if (weights === undefined) throw new Error('usage: parent.ts WEIGHTS');
const engine = await startEngine(weights).ready();
process.send?.(engine.origin);
