import {BlockList, isIP} from 'node:net';

/** Networks that are nobody else's. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

/**
 * Whether alerts may be sent to an address: https, or http to this machine and to a private address, where nobody on
 * the way reads along. Names are not looked up: what they mean can change. Pure.
 */
export function isWebhookAddress(text: string): boolean {
  const url = URL.parse(text);
  // Robots have none, and it would be shown as part of the host.
  if (url?.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && isPrivate(url.hostname.replace(/^\[|\]$/g, ''));
}

function isPrivate(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && PRIVATE.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
