import {stat} from 'node:fs/promises';
import type {WatchAccount} from '../runtimes/docker/containers.ts';
import {dockerAddresses} from './docker.ts';

/** Where Docker's socket is inside the virtual machine of a desktop version, which belongs to its root. */
const DESKTOP: WatchAccount = {uid: 0, gid: 0, dockerSocket: '/var/run/docker.sock', dockerGid: 0};

/** Whose state this machine's deployments are, and the socket that their supervisors use. */
export async function localDockerAccount(env: NodeJS.ProcessEnv): Promise<WatchAccount> {
  if (process.platform !== 'linux') return DESKTOP;
  for (const address of dockerAddresses(env, process.platform)) {
    const path = 'path' in address ? address.path : DESKTOP.dockerSocket;
    const socket = await stat(path).catch(() => undefined);
    if (!socket) continue;
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    return {uid, gid, dockerSocket: path, dockerGid: socket.gid};
  }
  return DESKTOP;
}
