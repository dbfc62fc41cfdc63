/** Reads a deployment's logs where they are and prints them as JSON lines: for a client that is elsewhere. */
import {once} from 'node:events';
import {systemClock} from '../../../../base/clock.ts';
import {readLogs} from '../../supervisor/logs/read-logs.ts';
import type {LogQuestion} from './question.ts';

const {folder, ...options} = JSON.parse(process.argv[2] ?? '{}') as LogQuestion;
// The client is gone, or has seen enough.
process.stdin.resume().once('end', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));

for await (const line of readLogs(folder, options, systemClock)) {
  if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain');
}
process.stdout.write('', () => process.exit(0));
