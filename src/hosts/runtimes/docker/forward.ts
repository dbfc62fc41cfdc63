import {once} from 'node:events';
import {createServer, type AddressInfo, type Socket} from 'node:net';
import type {Duplex} from 'node:stream';

/** A loopback port of this machine that leads elsewhere. */
export interface Forward extends AsyncDisposable {
  origin: string;
}

/** Opens one: each connection to it is joined with a stream of its own from `open`. */
export async function openForward(open: () => Promise<Duplex>): Promise<Forward> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    void open().then(
      (stream) => {
        stream.on('error', () => socket.destroy());
        socket.once('close', () => stream.destroy());
        socket.pipe(stream).pipe(socket);
      },
      // Whoever connected sees a connection that breaks, as with a program that is gone.
      () => socket.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
