import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import {temporaryFolder} from './temporary.ts';

export const RUN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface CommandResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The command line as a stranger has it: an empty HOME, and a port of its own. */
export interface Berth extends AsyncDisposable {
  home: string;
  port: number;
  url: string;
  env: NodeJS.ProcessEnv;
  /** Runs a command to its end. */
  run(...argv: string[]): Promise<CommandResult>;
  /** Runs it with `--json`, and gives what it printed. */
  json(...argv: string[]): Promise<{code: number | null; value: Record<string, unknown>; stderr: string}>;
  /** Starts it and returns at once. */
  spawn(...argv: string[]): ChildProcess;
  key(): Promise<string>;
  /** A streamed answer through the gateway: all its content, and whether it ended as it should. */
  ask(content: string, more?: Record<string, unknown>): Promise<{content: string; done: boolean}>;
}

/**
 * A berth in an empty home. Disposing stops the deployment and removes all of it. `through`: a program and arguments
 * that the command is started with (`setpriv ...`).
 */
export async function openBerth(
  extraEnv: Record<string, string> = {},
  through: readonly string[] = [],
): Promise<Berth> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: folder.path,
    LANG: 'C.UTF-8',
    BERTH_PORT: String(port),
    ...extraEnv,
  };
  const start = (argv: readonly string[]): ChildProcess => {
    const [program = process.execPath, ...rest] = [...through, process.execPath, RUN, ...argv];
    return spawn(program, rest, {env, cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe']});
  };

  async function run(...argv: string[]): Promise<CommandResult> {
    const child = start(argv);
    const output = Promise.all(
      [child.stdout, child.stderr].map(async (stream) => (stream ? await text(stream) : '')),
    );
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    const [stdout = '', stderr = ''] = await output;
    return {code, signal, stdout, stderr};
  }

  const key = async (): Promise<string> =>
    (await readFile(join(folder.path, '.config/berth/keys/local/default.key'), 'utf8')).trim();

  return {
    home: folder.path,
    port,
    url,
    env,
    run,
    key,
    async json(...argv) {
      // What stands after `--` is another program's.
      const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
      const {code, stdout, stderr} = await run(...argv.slice(0, end), '--json', ...argv.slice(end));
      try {
        return {code, value: JSON.parse(stdout) as Record<string, unknown>, stderr};
      } catch (error) {
        throw new Error(`berth ${argv.join(' ')} printed no JSON: ${stdout}\n${stderr}`, {cause: error});
      }
    },
    spawn: (...argv) => start(argv),
    async ask(content, more = {}) {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: {authorization: `Bearer ${await key()}`, 'content-type': 'application/json'},
        body: JSON.stringify({model: 'nano', stream: true, messages: [{role: 'user', content}], ...more}),
      });
      const body = await response.text();
      if (!response.ok) throw new Error(`HTTP ${response.status}: ${body}`);
      return readStream(body);
    },
    async [Symbol.asyncDispose]() {
      await run('stop');
      await folder[Symbol.asyncDispose]();
    },
  };
}

function readStream(body: string): {content: string; done: boolean} {
  const data = body.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
  const chunks = data.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line) as StreamChunk);
  return {
    content: chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '').join(''),
    done: data.at(-1) === '[DONE]' && chunks.every((chunk) => chunk.error === undefined),
  };
}

interface StreamChunk {
  choices?: {delta?: {content?: string}}[];
  error?: unknown;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
