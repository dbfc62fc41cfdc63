/** Asks addresses from where this program runs, and prints what came of it as JSON. */
import {reach} from './reach.ts';

process.stdout.write(`${JSON.stringify(await reach(process.argv.slice(2)))}\n`);
