import {z} from 'zod';
import type {WatchAccount} from '../runtimes/docker/containers.ts';
import type {SshConnection} from './connection.ts';
import {socketOf} from './remote-docker.ts';
import type {RemoteFacts} from './remote-facts.ts';

const SOCKET = '/var/run/docker.sock';
const schema = z.tuple([z.coerce.number().int(), z.coerce.number().int()]);

/** Whose state the deployments of this login are, and the socket that their supervisors use. */
export async function remoteAccount(connection: SshConnection, facts: RemoteFacts): Promise<WatchAccount> {
  const socket = socketOf(facts.dockerHost) ?? SOCKET;
  // GNU and busybox count alike; where there is no such socket, root owns what Docker will mount.
  const script = 'id -g; stat -L -c %g "$1" 2>/dev/null || echo 0';
  const {stdout} = await connection.exec(['sh', '-c', script, 'sh', socket]);
  const [gid, dockerGid] = schema.parse(stdout.trim().split('\n').slice(-2));
  return {uid: facts.uid, gid, dockerSocket: socket, dockerGid};
}
