/** `node test/fakes/hub/main.ts FILE ['{"dropAfterBytes": 1000}']`: prints its address, then serves until it is ended. */
import {readFile} from 'node:fs/promises';
import {startFakeHub, type Misbehaviour} from './hub.ts';

const [file, misbehaviour = '{}'] = process.argv.slice(2);
if (file === undefined) throw new Error('which file?');
const hub = await startFakeHub(await readFile(file), JSON.parse(misbehaviour) as Misbehaviour);
console.log(hub.url);
