import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

/** A running fake engine. */
export interface FakeEngine extends AsyncDisposable {
  origin: string;
  token: string;
  model: string;
  pid: number;
  /** What it has seen so far. */
  seen(): Promise<Seen>;
  kill(): Promise<void>;
}

export interface Seen {
  requests: number;
  running: number;
  /** Requests whose client went away. */
  cancelled: number;
  eventsSent: number;
  longestBufferedBytes: number;
  lastBody: string;
  lastAuthorization: string;
  rssBytes: number;
}

export interface FakeEngineOptions {
  token?: string;
  model?: string;
  port?: number;
}

/** Starts the fake engine and resolves when it listens. */
export async function startFakeEngine(options: FakeEngineOptions = {}): Promise<FakeEngine> {
  const {token = 'engine-secret', model = 'fake-model', port = 0} = options;
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {...process.env, FAKE_ENGINE_TOKEN: token, FAKE_ENGINE_MODEL: model, FAKE_ENGINE_PORT: String(port)},
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const {url: origin} = JSON.parse(line) as {url: string};
  return {
    origin,
    token,
    model,
    pid: child.pid ?? 0,
    seen: async () => (await (await fetch(`${origin}/seen`)).json()) as Seen,
    kill: () => kill(child),
    [Symbol.asyncDispose]: () => kill(child),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
