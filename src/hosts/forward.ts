import {once} from 'node:events';
import {createServer, type AddressInfo, type Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import type {Tunnel} from './host.ts';

/**
 * A loopback port of this machine (`own`, or one that is free) that leads elsewhere: each connection to it is joined
 * with a stream of its own from `open`.
 */
export async function openForward(open: () => Promise<Duplex>, own = 0): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer({allowHalfOpen: true, noDelay: true}, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void carry(socket, open);
  });
  server.listen(own, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What goes wrong here reaches the client as a closed connection, as when the far port itself were asked. */
async function carry(socket: Socket, open: () => Promise<Duplex>): Promise<void> {
  try {
    const stream = await open();
    await Promise.all([pipeline(socket, stream), pipeline(stream, socket)]);
  } catch {
    socket.destroy();
  }
}
