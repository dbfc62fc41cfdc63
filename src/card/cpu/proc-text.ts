/** Readers of the texts in /proc. Pure; sizes in bytes. */

/** `VmRSS:   1756 kB` lines as bytes by name; lines of another form are left out. */
export function parseSizes(text: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const match of text.matchAll(/^([\w()]+):\s+(\d+) kB$/gm)) {
    if (match[1] !== undefined) sizes.set(match[1], Number(match[2]) * 1024);
  }
  return sizes;
}

export interface ProcStat {
  name: string;
  parentPid: number;
  /** Clock ticks after boot. */
  startTicks: number;
  residentPages: number;
  /** CPU time so far, in user and in kernel mode. */
  cpuTicks: number;
}

/** /proc/PID/stat. The name may itself hold spaces and brackets, so fields are counted from its last bracket. */
export function parseStat(text: string): ProcStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  // proc_pid_stat(5): ppid is field 4, utime and stime 14 and 15, starttime 22, rss 24; `fields` begins at field 3.
  const [parentPid, startTicks, residentPages] = [fields[1], fields[19], fields[21]].map(Number);
  const cpuTicks = Number(fields[11]) + Number(fields[12]);
  if (parentPid === undefined || startTicks === undefined || residentPages === undefined) return undefined;
  if (Number.isNaN(parentPid) || Number.isNaN(startTicks) || Number.isNaN(residentPages)) return undefined;
  return {name: text.slice(open + 1, close), parentPid, startTicks, residentPages, cpuTicks};
}

/** Real user id in /proc/PID/status. */
export const parseUid = (status: string): string | undefined => /^Uid:\s+(\d+)/m.exec(status)?.[1];

/** User names by id, from the text of /etc/passwd. */
export function parsePasswd(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    if (name && uid !== undefined && !names.has(uid)) names.set(uid, name);
  }
  return names;
}

/**
 * The containers that a cgroup text names, the outermost first; more than one where containers run inside
 * containers: `0::/system.slice/docker-<id>.scope` (v2, systemd), `0::/docker/<id>` (v2, cgroupfs),
 * `5:memory:/docker/<id>` (v1), `…/cri-containerd-<id>.scope` (Kubernetes), `…/libpod-<id>.scope/container`
 * (podman). Depth below a container's own group (its own systemd, say) does not change whose it is.
 */
export function containersOf(cgroup: string): string[] {
  let longest: string[] = [];
  for (const line of cgroup.split('\n')) {
    const path = line.slice(line.indexOf('/'));
    const ids = path
      .split('/')
      .map((part) => /^(?:[\w.:-]*[-:])?([0-9a-f]{64})(?:\.scope)?$/.exec(part)?.[1])
      .filter((id) => id !== undefined);
    // With v1 every controller has a path of its own, and some may be mounted less deep than others.
    if (ids.length > longest.length) longest = ids;
  }
  return [...new Set(longest)];
}

/** The container that a cgroup text names, or undefined: of several, the one that the host itself started. */
export const containerIdOf = (cgroup: string): string | undefined => containersOf(cgroup)[0];

/** Path of the group that limits memory: v1's memory controller, else the one v2 hierarchy. */
export function memoryGroupOf(cgroup: string): {version: 1 | 2; path: string} | undefined {
  let unified: string | undefined;
  for (const line of cgroup.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (!match) continue;
    const [, controllers = '', path = '/'] = match;
    if (controllers.split(',').includes('memory')) return {version: 1, path};
    if (controllers === '') unified = path;
  }
  return unified === undefined ? undefined : {version: 2, path: unified};
}

/** The lease that a program was started under, from /proc/PID/environ. */
export const leaseIn = (environment: string): string | undefined =>
  /(?:^|\0)BERTH_LEASE=([^\0]{1,64})(?:\0|$)/.exec(environment)?.[1];
