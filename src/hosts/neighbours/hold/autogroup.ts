import {accessSync, constants, readdirSync, writeFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {systemCode} from '../../../base/errors.ts';
import {readQuietly} from '../../local/processes.ts';
import type {HeldAutogroup} from './neighbour.ts';

/** The kernel takes one change in 100 ms from a user without CAP_SYS_ADMIN. Source: kernel/sched/autogroup.c. */
const TURNED_AWAY_MS = 110;
const TRIES = 10;

/**
 * The autogroups that hold these processes and nobody else. Where the kernel groups processes by session, a nice
 * value counts only against the others of that session; against the rest of the machine, the group's own counts.
 * Source: sched(7), "The autogroup feature". Empty where the kernel does not group so.
 */
export function ownAutogroups(pids: readonly number[]): HeldAutogroup[] {
  if (readQuietly('/proc/sys/kernel/sched_autogroup_enabled')?.trim() !== '1') return [];
  const own = new Map(pids.flatMap((pid) => autogroupOf(pid) ?? []).map((one) => [one.group, one]));
  if (own.size === 0) return [];
  const members = new Set(pids);
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || members.has(Number(name))) continue;
    const other = autogroupOf(Number(name));
    if (other) own.delete(other.group);
  }
  // A group that was raised above the usual takes a privilege to be raised again.
  return [...own.values()].filter(({nice}) => nice >= 0).filter(({group}) => pids.some(canSet(group)));
}

/** By any of these processes that is in the group; one of which nobody is left keeps what it has. */
export async function setAutogroupNice(group: string, nice: number, pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    // A process can have begun a session of its own since.
    if (autogroupOf(pid)?.group !== group) continue;
    for (let tries = 1; ; tries++) {
      try {
        writeFileSync(fileOf(pid), String(nice));
        return;
      } catch (error) {
        const code = systemCode(error);
        if (code === 'ESRCH' || code === 'ENOENT') break;
        if (code !== 'EAGAIN' || tries === TRIES) throw error;
        await delay(TURNED_AWAY_MS);
      }
    }
  }
}

function autogroupOf(pid: number): HeldAutogroup | undefined {
  const [, group, nice] = /^(\S+) nice (-?\d+)$/m.exec(readQuietly(fileOf(pid)) ?? '') ?? [];
  return group === undefined ? undefined : {group, nice: Number(nice)};
}

const canSet =
  (group: string) =>
  (pid: number): boolean => {
    if (autogroupOf(pid)?.group !== group) return false;
    try {
      accessSync(fileOf(pid), constants.W_OK);
      return true;
    } catch {
      return false;
    }
  };

const fileOf = (pid: number): string => `/proc/${pid}/autogroup`;
