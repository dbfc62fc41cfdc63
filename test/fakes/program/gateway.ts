/**
 * A gateway-like program: takes the runtime's orders, passes `GET /<path>` on to the engine it is
 * routed to, holds and drains. `GET /gateway` tells what it knows; `POST /crash` ends it.
 */
import {createServer, get, type IncomingMessage, type ServerResponse} from 'node:http';
import {openSupervisorChannel} from '../../../src/base/supervisor-channel.ts';
import type {GatewayOrder, GatewayReply, Upstream} from '../../../src/hosts/index.ts';

const port = Number(process.env.FAKE_GATEWAY_PORT);
let upstream: Upstream | undefined;
let waiting: (() => void)[] = [];
let held = false;
let running = 0;
let idle: (() => void)[] = [];

const supervisor = openSupervisorChannel(process.env);
supervisor.orphaned(() => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

if (process.env.FAKE_CRASH !== undefined) {
  console.error(process.env.FAKE_CRASH);
  process.exit(3);
}

supervisor.answer(async (question) => {
  const {id, order} = question as {id: number; order: GatewayOrder};
  return {id, reply: await obey(order)};
});

async function obey(order: GatewayOrder): Promise<GatewayReply> {
  switch (order.order) {
    case 'route':
      upstream = order.upstream;
      release();
      return {reply: 'done'};
    case 'hold':
      held = true;
      setTimeout(release, order.limitMs);
      return {reply: 'done'};
    case 'drain': {
      const started = performance.now();
      if (running > 0) {
        const timer = Promise.withResolvers<undefined>();
        setTimeout(() => timer.resolve(undefined), order.deadlineMs);
        await Promise.race([new Promise<void>((resolve) => idle.push(resolve)), timer.promise]);
      }
      return {reply: 'drained', remaining: running, waitedMs: performance.now() - started};
    }
    case 'stats':
    case 'window':
    case 'metrics':
    case 'probe':
      return {reply: 'refused', message: 'a fake has no statistics'};
  }
}

function release(): void {
  held = false;
  const resumed = waiting;
  waiting = [];
  for (const resume of resumed) resume();
}

const server = createServer((request, response) => {
  void answer(request, response);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/gateway') {
    const label = process.env.FAKE_LABEL;
    response.end(JSON.stringify({pid: process.pid, label, held, release: upstream?.release}));
    return;
  }
  if (request.url === '/crash') process.exit(9);
  if (held) await new Promise<void>((resume) => waiting.push(resume));
  if (!upstream) {
    response.writeHead(503).end('no engine');
    return;
  }
  running++;
  response.once('close', () => {
    running--;
    if (running > 0) return;
    for (const tell of idle) tell();
    idle = [];
  });
  const headers = {authorization: `Bearer ${upstream.token}`};
  get(`${upstream.origin}${request.url ?? '/'}`, {headers, agent: false}, (reply) => {
    response.writeHead(reply.statusCode ?? 502);
    reply.pipe(response);
  }).on('error', (error) => response.writeHead(502).end(error.message));
}

server.on('error', (error) => {
  const failed = {code: 'port_taken', port, message: error.message};
  void supervisor.announce({failed}).then(() => process.exit(1));
});
server.listen(port, process.env.FAKE_GATEWAY_ADDRESS, () => {
  console.log(`fake gateway listens on ${port}`);
  void supervisor.announce({ready: true, url: `http://127.0.0.1:${port}`});
});
