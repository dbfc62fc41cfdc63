import {isIPv4} from 'node:net';
import type {IncomingHttpHeaders} from 'node:http';
import {foreignOrigin, invalidKey} from '../http/api-error.ts';
import type {KeyRing} from './key-ring.ts';

/** Lets a request in or throws 401 or 403 in OpenAI's shape. */
export type DoorCheck = (headers: IncomingHttpHeaders) => void;

/** Every request must carry one of the keys as its bearer token. */
export const keyNeeded =
  (ring: KeyRing): DoorCheck =>
  ({authorization}) => {
    const key = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (key === undefined || !ring.accepts(key)) throw invalidKey(authorization === undefined);
  };

/**
 * Without keys only programs of this machine may talk. A web page of another origin runs on this machine
 * too, so its requests (Origin) and names that merely resolve to it (DNS rebinding) are turned away.
 */
export const loopbackOnly: DoorCheck = ({host, origin}) => {
  if (host !== undefined && !isLoopback(hostName(host))) throw foreignOrigin();
  if (origin !== undefined && origin !== `http://${host ?? ''}`) throw foreignOrigin();
};

/** Whether an address or name can only mean this machine. */
export const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || (isIPv4(address) && address.startsWith('127.'));

const hostName = (host: string): string =>
  host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
