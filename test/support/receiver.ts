/** A receiver of webhooks: a real HTTP server that answers as it was told, and keeps what it was sent. */
import {once} from 'node:events';
import {createServer, type IncomingHttpHeaders, type RequestListener} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';

/** How one request is answered. `hang`: never. `cut`: the connection is closed instead. */
export type Manner = 'hang' | 'cut' | {status?: number; headers?: Record<string, string>; body?: string};

export interface Received {
  atMs: number;
  /** Address of whoever sent it. */
  from: string | undefined;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The body as JSON. */
  json: Record<string, unknown>;
}

export interface Receiver extends AsyncDisposable {
  /** Its address, with a path that stands for a key. */
  url: string;
  port: number;
  received: Received[];
  /** The next requests are answered so, one each; then all are taken. */
  next(...manners: Manner[]): void;
  /** From now on every request is answered so. */
  always(manner: Manner): void;
  /** Resolves with the requests when there are so many. */
  until(count: number): Promise<Received[]>;
}

interface ReceiverOptions {
  address?: string;
  path?: string;
  port?: number;
  /** Key and certificate, as PEM: it then speaks https. */
  tls?: {key: string; cert: string};
}

export async function openReceiver({
  address = '127.0.0.1',
  path = '/hook/k3y-that-nobody-may-see',
  port = 0,
  tls,
}: ReceiverOptions = {}): Promise<Receiver> {
  const received: Received[] = [];
  let planned: Manner[] = [];
  let usual: Manner = {status: 200, body: '{"errcode":0,"code":0}'};
  let waiting: (() => void)[] = [];
  const answer: RequestListener = (request, response) => {
    void text(request).then((body) => {
      received.push({
        atMs: Date.now(),
        from: request.socket.remoteAddress,
        path: request.url ?? '',
        headers: request.headers,
        body,
        json: JSON.parse(body) as Record<string, unknown>,
      });
      for (const wake of waiting) wake();
      const manner = planned.shift() ?? usual;
      if (manner === 'hang') return;
      if (manner === 'cut') {
        request.socket.destroy();
        return;
      }
      response.writeHead(manner.status ?? 200, manner.headers ?? {}).end(manner.body ?? '');
    });
  };
  const server = tls ? createTlsServer(tls, answer) : createServer(answer);
  server.listen(port, address);
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  return {
    url: `${tls ? 'https' : 'http'}://${address}:${own}${path}`,
    port: own,
    received,
    next: (...manners) => void planned.push(...manners),
    always: (manner) => {
      planned = [];
      usual = manner;
    },
    async until(count) {
      while (received.length < count) {
        await new Promise<void>((wake) => {
          waiting = [...waiting, wake];
        });
      }
      return received;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
