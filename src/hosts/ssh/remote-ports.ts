import type {PortHolder} from '../host.ts';
import {listeners, overlaps} from '../local/port-holder.ts';
import type {SshConnection} from './connection.ts';

/** The kernel's tables, then who holds the sockets: of others' only root may know. */
const SCRIPT = `
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
echo '#'
if [ "$(id -u)" = 0 ]; then ss -Hltnp; else sudo -n ss -Hltnp || ss -Hltnp; fi 2>/dev/null
exit 0
`;

/** Who listens on a port of the host; process and name are there when the user may see them. */
export async function findRemotePortHolder(
  connection: SshConnection,
  address: string,
  port: number,
): Promise<PortHolder | undefined> {
  const {stdout} = await connection.exec(['sh', '-c', SCRIPT]);
  const [tables = '', sockets = ''] = stdout.split('\n#\n');
  const held = listeners(`\n${tables}`).some(
    (socket) => socket.port === port && overlaps(socket.address, address),
  );
  return held ? {port, ...holderIn(sockets, address, port)} : undefined;
}

/** Finds the first program in lines of `ss -Hltnp`: `LISTEN 0 128 127.0.0.1:80 0.0.0.0:* users:(("nginx",pid=7,fd=6))`. */
export function holderIn(sockets: string, address: string, port: number): {pid?: number; name?: string} {
  for (const line of sockets.split('\n')) {
    const [, , , local = '', , users = ''] = line.trim().split(/\s+/);
    const at = local.lastIndexOf(':');
    if (Number(local.slice(at + 1)) !== port) continue;
    const held = local
      .slice(0, at)
      .replace(/^\[|\]$/g, '')
      .replace(/%.*$/, '')
      .replace(/^::ffff:/, '');
    if (!overlaps(held, address)) continue;
    const [, name, pid] = /\(\("([^"]*)",pid=(\d+)/.exec(users) ?? [];
    if (name !== undefined) return {pid: Number(pid), name};
  }
  return {};
}
