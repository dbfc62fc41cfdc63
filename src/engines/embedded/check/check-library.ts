import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {z} from 'zod';
import {ownProgram} from '../../../base/program.ts';
import {seconds} from '../../../base/units.ts';

/** Whether the engine's library loads on this machine, and the CPU features that it was found to use. */
export type LibraryCheck = {state: 'loads'; features: readonly string[]} | {state: 'broken'; reason: string};

const LIMIT = seconds(30);
const answerSchema = z.object({features: z.array(z.string())});

/** Loads node-llama-cpp in a process of its own: a library for another CPU would take this one down with it. */
export async function checkLibrary(): Promise<LibraryCheck> {
  const [node, ...argv] = ownProgram('main', import.meta.url);
  try {
    const {stdout} = await promisify(execFile)(node, argv, {timeout: LIMIT});
    return {state: 'loads', ...answerSchema.parse(JSON.parse(stdout))};
  } catch (error) {
    return {state: 'broken', reason: reasonOf(error)};
  }
}

/** The line of a failed program that names its error, else how it ended. */
function reasonOf(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const line = stderr.split('\n').find((one) => /\bError\b/.test(one));
  return line?.trim() ?? (error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
}
