/** The watch program by itself, with a test in the place of its supervisor. */
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {chmod, mkdir, readFile, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Told, WatchHears, WatchSays} from '../../src/hosts/index.ts';
import {askWatch, type Answers, type Question} from '../../src/monitor/index.ts';
import {watchSpec} from '../../src/watch/index.ts';
import {temporaryFolder} from './temporary.ts';

const DOUBLE = join(import.meta.dirname, '../fakes/gpu/nvidia-smi');
/** The card that the double of nvidia-smi tells of. */
export const CARD = 'GPU-d0b1e000-4090-4d00-8d0b-1e0000004090';

export interface RunningWatch extends AsyncDisposable {
  pid: number;
  stateFolder: string;
  /** What it was told each second; change it as you like. */
  told: Told;
  ask<Q extends Question>(question: Q): Promise<Answers[Q['ask']]>;
  /** Closes the channel, and resolves when it has ended. */
  leave(): Promise<number | null>;
}

export async function startWatch(options: {
  device: string;
  stateFolder?: string;
  env?: Record<string, string>;
}): Promise<RunningWatch> {
  const folder = await temporaryFolder();
  const {device, stateFolder = folder.path} = options;
  const spec = watchSpec({deployment: 'demo', stateRoot: folder.path, stateFolder, device});
  const [program, script = ''] = spec.argv;
  const {NODE_OPTIONS = '', ...env} = options.env ?? {};
  const child = fork(script, [], {
    execPath: program,
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      ...spec.env,
      ...env,
      NODE_OPTIONS: `${spec.env.NODE_OPTIONS ?? ''} ${NODE_OPTIONS}`,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const waiting = new Map<number, (said: WatchSays) => void>();
  child.on('message', (message) => {
    const said = message as WatchSays;
    if ('answer' in said) waiting.get(said.answer)?.(said);
  });
  const alive = once(child, 'message');
  const send = (message: WatchHears): void => {
    if (child.connected) child.send(message);
  };
  const watch: RunningWatch = {
    pid: child.pid ?? 0,
    stateFolder,
    told: {engines: []},
    ask: (question) => askWatch({watch: (_name, asked) => put(asked)}, 'demo', question),
    async leave() {
      if (child.connected) child.disconnect();
      return await exited;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(telling);
      child.kill('SIGKILL');
      await exited;
      await folder[Symbol.asyncDispose]();
    },
  };
  let last = 0;
  const put = async (question: unknown): Promise<unknown> => {
    const id = ++last;
    const {promise, resolve} = Promise.withResolvers<WatchSays>();
    waiting.set(id, resolve);
    send({ask: id, question});
    const said = await promise;
    if ('value' in said) return said.value;
    throw new Error('error' in said ? said.error : 'no answer');
  };
  const telling = setInterval(() => send({told: watch.told}), 1000);
  await alive;
  return watch;
}

/** Programs of a machine with one card: the double of nvidia-smi, and a kernel log to write to. */
export async function cardDouble(): Promise<CardDouble> {
  const folder = await temporaryFolder();
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  const put = async (path: string, text: string): Promise<void> => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  const program = async (name: string, text: string): Promise<void> => {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  };
  const log = join(folder.path, 'kernel.log');
  await put(join(folder.path, 'state'), '');
  await put(log, '');
  const smi = `GPU_DOUBLE_DIR='${folder.path}' exec '${DOUBLE}' "$@"`;
  await program('nvidia-smi', smi);
  await program('dmesg', `cat '${log}'`);
  return {
    env: {PATH: `${bin}:${process.env.PATH ?? ''}`},
    set: (state) => put(join(folder.path, 'state'), state),
    kernel: async (line) => put(log, `${await readFile(log, 'utf8')}${line}\n`),
    vanish: () => rename(join(bin, 'nvidia-smi'), join(bin, 'gone')),
    appear: () => rename(join(bin, 'gone'), join(bin, 'nvidia-smi')),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

interface CardDouble extends AsyncDisposable {
  env: Record<string, string>;
  /** The lines of the double's state, see docs/rig.md. */
  set(state: string): Promise<void>;
  /** Adds a line to the kernel's log. */
  kernel(line: string): Promise<void>;
  /** Takes nvidia-smi away, and puts it back. */
  vanish(): Promise<void>;
  appear(): Promise<void>;
}
