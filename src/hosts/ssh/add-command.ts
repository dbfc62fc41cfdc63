import type {HostRecord} from '../registry.ts';

/** What to type so that the machine at `endpoint` is trusted with this fingerprint, and the others as they were. */
export function addCommand(
  {name, target, identity, hostKeys}: Pick<HostRecord, 'name' | 'target' | 'identity' | 'hostKeys'>,
  endpoint: string,
  fingerprint: string,
): string {
  const others = Object.entries(hostKeys)
    .filter(([other]) => other !== endpoint)
    .flatMap(([, keys]) => keys.map((key) => key.fingerprint));
  return [
    `berth host add ${name} ${target}`,
    ...(identity === undefined ? [] : [`--identity ${/\s/.test(identity) ? `"${identity}"` : identity}`]),
    ...[...others, fingerprint].map((one) => `--host-key ${one}`),
  ].join(' ');
}
