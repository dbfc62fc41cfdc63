import {readdirSync} from 'node:fs';
import {identify, readQuietly, type ProcessIdentity} from '../../local/processes.ts';

/** Those of the processes that live, and whatever they have started since: all by identity, parents first. */
export function familyOf(roots: readonly ProcessIdentity[]): ProcessIdentity[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = new Map<number, ProcessIdentity>();
  const add = (pid: number, expected?: string): void => {
    const identity = identify(pid);
    if (!identity || found.has(pid) || (expected !== undefined && identity.started !== expected)) return;
    found.set(pid, identity);
    for (const child of children.get(pid) ?? []) add(child);
  };
  for (const {pid, started} of roots) add(pid, started);
  return [...found.values()];
}

function parentOf(pid: number): number | undefined {
  const stat = readQuietly(`/proc/${pid}/stat`);
  const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Threads of a process, by their ids. */
export function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}
