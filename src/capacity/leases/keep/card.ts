/**
 * Limits of a card's memory, by the driver (r615 and newer) on the control group v2 of a container. Source: NVIDIA, "MPS
 * v3 Memory Partitioning". Whether a card obeys is never assumed: what counts is the limit that is read back.
 */
import {join} from 'node:path/posix';
import {bytes, mib, type Bytes} from '../../../base/units.ts';
import type {Host} from '../../../hosts/index.ts';
import type {Enforced} from './enforced.ts';

type Shell = Pick<Host, 'run'>;

const V2 = '/sys/fs/cgroup';
/** Where v2 is beside v1. The driver asks for v2 alone; whether it takes this is its answer. */
const V2_BESIDE = join(V2, 'unified');
const MIB = mib(1);

/** The whole MiB that the driver counts in. */
const wholeMib = (limit: number): number => Math.floor(limit / MIB);

/**
 * Folder of the one v2 group of a process; undefined where v2 does not tell, or it is the root: a limit there would be
 * everybody's.
 */
async function leafOf(host: Shell, pid: number): Promise<string | undefined> {
  const {stdout} = await host.run(['cat', `/proc/${pid}/cgroup`]);
  const path = /^0::(\/.+)$/m.exec(stdout)?.[1];
  if (path === undefined) return undefined;
  const alone = (await host.run(['test', '-e', join(V2, 'cgroup.controllers')])).code === 0;
  return join(alone ? V2 : V2_BESIDE, path);
}

/** What `memory-limits --get` says, in bytes. Pure. */
export function parseHardLimit(text: string): Bytes | undefined {
  const found = /^\s*hard limit:\s*(\d+) MiB\s*$/im.exec(text)?.[1];
  return found === undefined ? undefined : mib(Number(found));
}

/** Limits what the container of this process may hold of a card, and reads it back. `limit` in bytes. */
export async function limitOnCard(host: Shell, card: string, pid: number, limit: Bytes): Promise<Enforced> {
  const leaf = await leafOf(host, pid);
  if (leaf === undefined) return {tier: 'T0', why: 'card-unproven', detail: 'no control group v2 of its own'};
  const refused = await set(host, card, leaf, String(wholeMib(limit)));
  if (refused !== undefined) return {tier: 'T0', why: 'card-unproven', detail: refused};
  return await readAt(host, card, leaf, limit);
}

/** Whether such a limit stands now. */
export async function readCardLimit(host: Shell, card: string, pid: number, limit: Bytes): Promise<Enforced> {
  const leaf = await leafOf(host, pid);
  return leaf === undefined ? {tier: 'T0', why: 'card-unproven'} : await readAt(host, card, leaf, limit);
}

/** Takes the limit away. */
export async function liftOnCard(host: Shell, card: string, pid: number): Promise<void> {
  const leaf = await leafOf(host, pid);
  if (leaf !== undefined) await set(host, card, leaf, 'max');
}

/** Whether the driver knows of such limits at all: what can be found out before there is a container. */
export async function driverLimits(host: Shell): Promise<boolean> {
  return (await host.run(['nvidia-smi', 'memory-limits', '--help'])).code === 0;
}

/**
 * The soft limit stays 0. It would reserve bytes in the groups around, and they would keep that when the container
 * ends without it being taken back; that the bytes are there is what admission is for.
 */
async function set(host: Shell, card: string, leaf: string, hard: string): Promise<string | undefined> {
  const command = [
    ...['nvidia-smi', 'memory-limits', '--set', '-i', card, '-n', leaf],
    ...['--soft-limit', '0', '--hard-limit', hard],
  ] as const;
  const ran = await host.run([...command] as [string, ...string[]]);
  if (ran.code === 0) return undefined;
  const again = await host.run(['sudo', '-n', ...command]);
  return again.code === 0 ? undefined : lastLine(`${ran.stdout}\n${ran.stderr}`);
}

async function readAt(host: Shell, card: string, leaf: string, limit: Bytes): Promise<Enforced> {
  const told = await host.run(['nvidia-smi', 'memory-limits', '--get', '-i', card, '-n', leaf]);
  const read = told.code === 0 ? parseHardLimit(told.stdout) : undefined;
  if (read !== bytes(wholeMib(limit) * MIB)) {
    return {tier: 'T0', why: 'not-read-back', detail: lastLine(`${told.stdout}\n${told.stderr}`)};
  }
  // The kernel's own controller shows itself by its file; without it the driver counts.
  const dmem = await host.run(['test', '-e', join(leaf, 'dmem.max')]);
  return {tier: dmem.code === 0 ? 'T3' : 'T2'};
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
