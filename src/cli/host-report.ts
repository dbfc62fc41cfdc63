import {z} from 'zod';
import type {Clock} from '../base/clock.ts';
import {formatDestination, type Host, type HostEntry, type KnownHosts} from '../hosts/index.ts';

const hostKeySchema = z.object({address: z.string(), type: z.string(), fingerprint: z.string()});

export const hostListSchema = z.object({
  schema: z.literal('berth.hosts/1'),
  hosts: z.array(
    z.discriminatedUnion('kind', [
      z.object({name: z.string(), kind: z.literal('local')}),
      z.object({
        name: z.string(),
        kind: z.literal('ssh'),
        /** `ssh://user@address:port`, as it was given. */
        address: z.string(),
        jump: z.array(z.string()),
        hostKeys: z.array(hostKeySchema),
      }),
    ]),
  ),
});
export type HostList = z.infer<typeof hostListSchema>;

export const hostReportSchema = z.object({
  schema: z.literal('berth.host/1'),
  host: z.string(),
  kind: z.enum(['local', 'ssh']),
  address: z.string().optional(),
  hostKeys: z.array(hostKeySchema).optional(),
  hostname: z.string(),
  os: z.string(),
  arch: z.string(),
  user: z.string(),
  sudo: z.enum(['root', 'allowed', 'refused', 'absent']),
  stateRoot: z.string(),
  /** From the first packet until the machine had told what it is; missing for this machine. */
  connectedMs: z.number().optional(),
});
export type HostReport = z.infer<typeof hostReportSchema>;

export const hostKeysOf = ({pins}: HostEntry): z.infer<typeof hostKeySchema>[] =>
  Object.entries(pins).map(([address, key]) => ({address, ...key}));

export async function listHosts(known: KnownHosts): Promise<HostList> {
  const remote = (await known.list()).map((entry) => ({
    name: entry.name,
    kind: 'ssh' as const,
    address: formatDestination(entry.destination),
    jump: entry.jump,
    hostKeys: hostKeysOf(entry),
  }));
  return {schema: 'berth.hosts/1', hosts: [{name: 'local', kind: 'local'}, ...remote]};
}

/** What can be said of a machine that has been reached. */
export async function reportHost(host: Host, entry?: HostEntry, connectedMs?: number): Promise<HostReport> {
  const {hostname, os, arch, user} = await host.facts();
  return {
    schema: 'berth.host/1',
    host: host.name,
    kind: host.kind,
    ...(entry && {address: formatDestination(entry.destination), hostKeys: hostKeysOf(entry)}),
    hostname,
    os,
    arch,
    user,
    sudo: host.sudo,
    stateRoot: host.stateRoot,
    ...(connectedMs !== undefined && {connectedMs: Math.round(connectedMs)}),
  };
}

/** How long something took, in milliseconds. */
export async function timed<T>(clock: Clock, work: () => Promise<T>): Promise<[T, number]> {
  const started = clock.elapsed();
  const result = await work();
  return [result, clock.elapsed() - started];
}
