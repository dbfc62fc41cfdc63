import {createServer, type AddressInfo} from 'node:net';
import {canListen} from '../../../local/port-holder.ts';

const LOOPBACK = '127.0.0.1';

/** A loopback port that is free now. Another program may still take it before it is used. */
export async function chooseFreePort(): Promise<number> {
  const server = createServer();
  const {promise, resolve, reject} = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen({host: LOOPBACK, port: 0, exclusive: true}, () => {
    const {port} = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
  return await promise;
}

export const portIsTaken = async (port: number): Promise<boolean> => !(await canListen(LOOPBACK, port));
