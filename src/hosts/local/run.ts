import {execFile} from 'node:child_process';
import {seconds} from '../../base/units.ts';
import type {RanThere, RunOptions} from '../host.ts';

const DEADLINE = seconds(30);
const MOST_BYTES = 4 * 1024 ** 2;

/** Runs a program of this machine to its end. A program that is not there is code 127, as shells say. */
export function runHere(
  [program, ...args]: readonly [string, ...string[]],
  {deadline = DEADLINE, signal}: RunOptions = {},
): Promise<RanThere> {
  const {promise, resolve, reject} = Promise.withResolvers<RanThere>();
  const options = {timeout: deadline, maxBuffer: MOST_BYTES, ...(signal && {signal})};
  execFile(program, args, options, (error, stdout, stderr) => {
    if (signal?.aborted) reject(signal.reason as Error);
    else if (error?.code === 'ENOENT') resolve({code: 127, stdout, stderr: `${program}: not found`});
    else resolve({code: error ? (typeof error.code === 'number' ? error.code : null) : 0, stdout, stderr});
  });
  return promise;
}
