/**
 * An engine-like program that behaves as badly as it is told: by its environment when it starts, and by
 * `POST /<command>` while it runs. It listens on FAKE_PORT and answers what a client of an engine may ask.
 */
import {spawn} from 'node:child_process';
import {existsSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';

const {env} = process;
const loadMs = Number(env.FAKE_LOAD_MS ?? 0);

process.on('disconnect', () => {
  if (env.FAKE_OUTLIVES !== '1') process.exit(0);
});
process.on('SIGTERM', () => {
  if (env.FAKE_IGNORES_TERM !== '1') process.exit(0);
});

if (env.FAKE_CRASH !== undefined) crash(env.FAKE_CRASH);
// A release that was good once, and is not any more.
if (env.FAKE_CRASH_IF_FILE !== undefined && existsSync(env.FAKE_CRASH_IF_FILE)) crash('weights are gone');
if (env.FAKE_THIEF_FILE !== undefined && !existsSync(env.FAKE_THIEF_FILE))
  await stealPort(env.FAKE_THIEF_FILE);

const started = Date.now();
const commands: Record<string, (argument: string) => void> = {
  '/crash': (line) => {
    console.error(line);
    process.exit(7);
  },
  /** Stops answering, with the process still there. */
  '/hang': () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  /** Prints so many lines of 100 bytes. */
  '/flood': (lines) => void flood(Number(lines)),
  /** A child that ignores SIGTERM and knows nothing of the supervisor. */
  '/spawn': () => {
    spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => 0); setInterval(() => 0, 1000)'], {
      detached: true,
      stdio: 'ignore',
    });
  },
};

const server = createServer((request, response) => {
  if (request.headers.authorization !== `Bearer ${env.FAKE_TOKEN}`) {
    response.writeHead(401).end();
    return;
  }
  const url = new URL(request.url ?? '/', 'http://engine');
  if (url.pathname === '/health') {
    const ready = env.FAKE_NEVER_READY !== '1' && Date.now() - started >= loadMs;
    response.writeHead(ready ? 200 : 503).end();
    return;
  }
  if (url.pathname === '/who') {
    const {pid} = process;
    response.end(JSON.stringify({pid, release: Number(env.FAKE_RELEASE), environment: Object.keys(env)}));
    return;
  }
  if (url.pathname === '/slow') {
    setTimeout(() => response.end(env.FAKE_RELEASE), Number(url.searchParams.get('ms')));
    return;
  }
  const command = commands[url.pathname];
  response.writeHead(command ? 202 : 404).end();
  if (command) response.once('close', () => command(url.searchParams.get('argument') ?? ''));
});

server.on('error', (error) => {
  console.error(`cannot listen: ${error.message}`);
  process.exit(1);
});
server.listen(Number(env.FAKE_PORT), env.FAKE_ADDRESS, () =>
  console.log(`fake engine ${env.FAKE_RELEASE} listens`),
);

function crash(line: string): never {
  console.error(line);
  process.exit(3);
}

/** Lets a stranger take the port that was chosen for this program, once; the file keeps the stranger's pid. */
async function stealPort(file: string): Promise<void> {
  const code = `require('net').createServer().listen(${env.FAKE_PORT}, '127.0.0.1', () => console.log('mine'))`;
  const thief = spawn(process.execPath, ['-e', code], {
    detached: true,
    env: {},
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((listening) => thief.stdout.once('data', listening));
  writeFileSync(file, String(thief.pid));
  thief.stdout.destroy();
  thief.unref();
}

async function flood(lines: number): Promise<void> {
  for (let line = 0; line < lines; line++) {
    const flows = process.stdout.write(`${String(line).padStart(10, '0')} ${'x'.repeat(88)}\n`);
    if (!flows) await new Promise((resume) => process.stdout.once('drain', resume));
  }
  process.stdout.write('flood over\n');
}
