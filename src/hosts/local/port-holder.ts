import {readdirSync, readlinkSync} from 'node:fs';
import {createServer} from 'node:net';
import {basename} from 'node:path';
import {systemCode} from '../../base/errors.ts';
import type {PortHolder} from '../host.ts';
import {readQuietly} from './processes.ts';

/** Who listens on a port: read from /proc where there is one, else found out by trying to listen. */
export async function findPortHolder(address: string, port: number): Promise<PortHolder | undefined> {
  const tables = [readQuietly('/proc/net/tcp'), readQuietly('/proc/net/tcp6')];
  if (tables.every((table) => table === undefined)) {
    return (await canListen(address, port)) ? undefined : {port};
  }
  const inode = tables
    .flatMap((table) => listeners(table ?? ''))
    .find((socket) => socket.port === port && overlaps(socket.address, address))?.inode;
  if (inode === undefined) return undefined;
  const pid = ownerOf(inode);
  const name = pid === undefined ? undefined : nameOf(pid);
  return {port, ...(pid !== undefined && {pid}), ...(name !== undefined && {name})};
}

interface ListeningSocket {
  /** Dotted IPv4, `*` for any address, or the kernel's hex for other IPv6 addresses. */
  address: string;
  port: number;
  inode: string;
}

/** Parses /proc/net/tcp and tcp6: rows in state 0A are listening. Source: proc_net_tcp.rst of the kernel. */
export function listeners(table: string): ListeningSocket[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local, , state, , , , , , inode]) => {
      const [address, port] = local?.split(':') ?? [];
      if (state !== '0A' || !address || !port || !inode) return [];
      return [{address: readableAddress(address), port: Number.parseInt(port, 16), inode}];
    });
}

function readableAddress(hex: string): string {
  if (/^0+$/.test(hex)) return '*';
  const mapped = /^0{16}FFFF0000([0-9A-F]{8})$/i.exec(hex)?.[1];
  const four = hex.length === 8 ? hex : mapped;
  if (!four) return hex === '00000000000000000000000001000000' ? '::1' : hex;
  // The kernel prints the address as a number of the host's byte order: little-endian wherever Node runs.
  return (four.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}

const ANY = new Set(['*', '0.0.0.0', '::', '']);
const LOOPBACK = new Map([['localhost', '127.0.0.1']]);

/** Whether a listener at `held` is in the way of one at `wanted`. */
export function overlaps(held: string, wanted: string): boolean {
  return ANY.has(held) || ANY.has(wanted) || held === (LOOPBACK.get(wanted) ?? wanted);
}

function ownerOf(inode: string): number | undefined {
  const link = `socket:[${inode}]`;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (descriptorsOf(pid).some((target) => target === link)) return Number(pid);
  }
  return undefined;
}

function descriptorsOf(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`);
      } catch {
        return ''; // closed meanwhile
      }
    });
  } catch {
    return []; // another user's, or ended meanwhile
  }
}

function nameOf(pid: number): string | undefined {
  const first = readQuietly(`/proc/${pid}/cmdline`)?.split('\0')[0];
  const name = first ? basename(first) : readQuietly(`/proc/${pid}/comm`)?.trim();
  return name === '' ? undefined : name;
}

/** Whether a listener can be opened there right now. */
export async function canListen(address: string, port: number): Promise<boolean> {
  const server = createServer();
  const {promise, resolve, reject} = Promise.withResolvers<boolean>();
  server.once('error', (error) => {
    if (systemCode(error) === 'EADDRINUSE') resolve(false);
    else reject(error);
  });
  server.listen({host: address, port, exclusive: true}, () => server.close(() => resolve(true)));
  return await promise;
}
