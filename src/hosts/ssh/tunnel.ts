import {once} from 'node:events';
import {createServer, type AddressInfo, type Socket} from 'node:net';
import {pipeline} from 'node:stream/promises';
import type {Tunnel} from '../host.ts';
import type {SshConnection} from './connection.ts';

/** A listener on this machine's loopback; each connection goes on to the host's own loopback. */
export async function openTunnel(connection: SshConnection, port: number, own = 0): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer({allowHalfOpen: true, noDelay: true}, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void carry(connection, socket, port);
  });
  server.listen(own, '127.0.0.1');
  await once(server, 'listening');
  const {port: begin} = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${begin}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What goes wrong here reaches the client as a closed connection, as when the port itself were asked. */
async function carry(connection: SshConnection, socket: Socket, port: number): Promise<void> {
  try {
    const channel = await connection.openTcp('127.0.0.1', port);
    await Promise.all([pipeline(socket, channel), pipeline(channel, socket)]);
  } catch {
    socket.destroy();
  }
}
