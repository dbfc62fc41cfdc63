import {fork} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {
  createKey,
  gatewayConfigSchema,
  gatewaySpec,
  keyFilePath,
  type GatewayConfig,
  type GatewayConfigInput,
} from '../../../src/gateway/index.ts';
import type {GatewayOrder, GatewayReply, GatewayStats, Upstream} from '../../../src/hosts/index.ts';
import type {FakeEngine} from '../../fakes/engine/start.ts';

/** A running gateway, driven as its supervisor drives it. */
export interface RunningGateway extends AsyncDisposable {
  url: string;
  key: string;
  pid: number;
  stateFolder: string;
  order(order: GatewayOrder): Promise<GatewayReply>;
  stats(): Promise<GatewayStats>;
  /** Its log so far, one parsed line an entry. */
  log(): Record<string, unknown>[];
  /** Closes the IPC channel and resolves with how it ended. */
  disconnect(): Promise<{code: number | null; signal: string | null}>;
  terminate(): Promise<{code: number | null; signal: string | null}>;
}

type Told = {ready: true; url: string} | {failed: {code: string; port: number; message: string}};

/** Settings as a deployment's file would give them; port 0 lets the system choose one. */
export function testConfig(input: GatewayConfigInput = {}, port = 0): GatewayConfig {
  return {...gatewayConfigSchema.parse(input), port};
}

/** Starts a gateway in a temporary state folder. Throws what it tells when it cannot start. */
export async function startGateway(config: GatewayConfig = testConfig()): Promise<RunningGateway> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'berth-gateway-'));
  const {key, hash} = createKey();
  const keys = [{name: 'test', hash, created: new Date().toISOString()}];
  await mkdir(dirname(keyFilePath(stateFolder)), {recursive: true});
  await writeFile(keyFilePath(stateFolder), JSON.stringify({keys}), {mode: 0o600});
  const spec = gatewaySpec(config, {stateFolder});
  const [program, script, ...args] = spec.argv;
  if (script === undefined) throw new Error('the gateway has no program');
  const child = fork(script, args, {
    execPath: program,
    execArgv: [],
    // One cache for all: the tests start many gateways, each in a fresh state folder.
    env: {
      PATH: process.env.PATH,
      ...spec.env,
      NODE_COMPILE_CACHE: join(tmpdir(), 'berth-test-compile-cache'),
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  const dispose = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(stateFolder, {recursive: true, force: true});
  };
  const [told] = (await once(child, 'message')) as [Told];
  if ('failed' in told) {
    await exited;
    await dispose();
    throw Object.assign(new Error(told.failed.message), told.failed);
  }
  const waiting = new Map<number, (reply: GatewayReply) => void>();
  child.on('message', (message) => {
    const {id, reply} = message as {id: number; reply: GatewayReply};
    waiting.get(id)?.(reply);
    waiting.delete(id);
  });
  let last = 0;
  const order = (what: GatewayOrder): Promise<GatewayReply> =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, resolve);
      child.send({id, order: what});
    });
  return {
    url: told.url,
    key: key.reveal(),
    pid: child.pid ?? 0,
    stateFolder,
    order,
    stats: async () => {
      const reply = await order({order: 'stats'});
      if (reply.reply !== 'stats') throw new Error(`unexpected reply ${reply.reply}`);
      return reply.stats;
    },
    log: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    disconnect: () => {
      child.disconnect();
      return exited;
    },
    terminate: () => {
      child.kill('SIGTERM');
      return exited;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

export const upstreamOf = (engine: FakeEngine, release = 1, more: Partial<Upstream> = {}): Upstream => ({
  release,
  origin: engine.origin,
  token: engine.token,
  model: engine.model,
  ...more,
});

/** Sends a chat request with what the fake engine shall do with it. */
export const chat = (
  gateway: RunningGateway,
  body: Record<string, unknown> = {},
  options: RequestInit = {},
): Promise<Response> =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json'},
    body: JSON.stringify({model: 'fake-model', messages: [{role: 'user', content: 'hello'}], ...body}),
    ...options,
  });

/** The data of every event in a stream's text. */
export const eventsOf = (text: string): string[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length));

/** Asks until it is true; fails after ten seconds. */
export async function until(what: string, ask: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ten seconds until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
