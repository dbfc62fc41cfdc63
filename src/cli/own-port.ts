import {BerthError, systemCode} from '../base/errors.ts';
import type {Host, PortHolder, Tunnel} from '../hosts/index.ts';

/** Where clients look first, and how many ports after it are tried. */
const FIRST = 8080;
const TRIES = 100;

export interface WayOptions {
  /** The port of this machine that it must be; else 8080 or the next one that is free. */
  wanted?: number;
  /** Who has a port of this machine. */
  holder: (port: number) => Promise<PortHolder | undefined>;
}

/** Opens a way to a port of the host. Throws `port_taken`, with the holder's name, or `port_forbidden`. */
export async function openWay(
  host: Pick<Host, 'tunnel'>,
  remotePort: number,
  {wanted, holder}: WayOptions,
): Promise<Tunnel> {
  const candidates =
    wanted === undefined ? Array.from({length: TRIES}, (_, index) => FIRST + index) : [wanted];
  let taken: unknown;
  for (const port of candidates) {
    try {
      return await host.tunnel(remotePort, port);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EACCES') throw forbidden(port, error);
      if (code !== 'EADDRINUSE') throw error;
      taken = error;
    }
  }
  const port = wanted ?? FIRST;
  const held = await holder(port);
  throw new BerthError({
    code: 'port_taken',
    what: (t) => t.hosts.portTaken({port, ...held}),
    try: wanted === undefined ? ['berth tunnel --port 9000'] : ['berth tunnel'],
    details: {...held, port},
    cause: taken,
  });
}

const forbidden = (port: number, cause: unknown): BerthError =>
  new BerthError({
    code: 'port_forbidden',
    what: (t) => t.cli.tunnel.portForbidden({port}),
    try: ['berth tunnel'],
    details: {port},
    cause,
  });
