import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {rm} from 'node:fs/promises';
import {connect, createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {systemCode} from '../../../base/errors.ts';

/**
 * The right to run programs of one deployment. At most one process of the machine holds it, and the
 * kernel takes it back when that process dies, however it dies: no stale lock can be left behind.
 */
export interface Claim extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Takes the claim on a deployment's folder; undefined when another process holds it. `onKnock` is called
 * when somebody asks whether the claim is held.
 */
export async function claimDeployment(folder: string, onKnock?: () => void): Promise<Claim | undefined> {
  const path = claimAddress(folder);
  const server = (await listen(path, onKnock)) ?? (await listenInPlaceOfTheDead(path, onKnock));
  if (!server) return undefined;
  return {folder, [Symbol.asyncDispose]: () => close(server)};
}

/** A name in the kernel where it has such names, which vanish with their owner; else a socket file. */
function claimAddress(folder: string): string {
  const owner = process.getuid?.() ?? '';
  const id = createHash('sha256').update(`${owner}:${folder}`).digest('hex').slice(0, 32);
  if (process.platform === 'linux') return `\0berth-${id}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\berth-${id}`;
  return join(tmpdir(), `berth-${id}.sock`);
}

async function listen(path: string, onKnock?: () => void): Promise<Server | undefined> {
  const {promise, resolve, reject} = Promise.withResolvers<Server | undefined>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined).destroy();
    onKnock?.();
  });
  server.once('error', (error) => {
    if (systemCode(error) === 'EADDRINUSE') resolve(undefined);
    else reject(error);
  });
  server.listen(path, () => resolve(server));
  // Holding a claim is no reason to stay alive.
  server.unref();
  return await promise;
}

/** Only a socket file can outlive its owner; one that nobody answers is removed. */
async function listenInPlaceOfTheDead(path: string, onKnock?: () => void): Promise<Server | undefined> {
  if (path.startsWith('\0') || path.startsWith('\\\\')) return undefined;
  if (await answers(path)) return undefined;
  await rm(path, {force: true});
  return await listen(path, onKnock);
}

/** Whether some process holds the claim. It is reminded thereby to say how it can be reached. */
export const knock = (folder: string): Promise<boolean> => answers(claimAddress(folder));

async function answers(path: string): Promise<boolean> {
  const {promise, resolve} = Promise.withResolvers<boolean>();
  const socket = connect(path, () => resolve(true));
  socket.on('error', () => resolve(false));
  const answered = await promise;
  socket.destroy();
  return answered;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
}
