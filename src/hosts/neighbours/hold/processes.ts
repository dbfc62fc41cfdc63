import {getPriority, setPriority} from 'node:os';
import {setTimeout as delay} from 'node:timers/promises';
import {isAlive, signalProcess, type ProcessIdentity} from '../../local/processes.ts';
import {ownAutogroups, setAutogroupNice} from './autogroup.ts';
import {familyOf, threadsOf} from './family.ts';
import {CannotHold, type HeldProcess, type NeighbourAction, type ProcessHold} from './neighbour.ts';
import {lowestNice} from './rights.ts';
import {lowerWeight, ownWeights, restoreWeight} from './weights.ts';

/** The priority of a neighbour that is held down: it gets what nobody else wants. */
const LOWEST_PRIORITY = 19;
/** A family that grows while it is held is looked at again so many times. */
const LOOKS = 5;

/** What would be done, and how all of it is now. Changes nothing. */
export function prepareProcesses(action: NeighbourAction, roots: readonly ProcessIdentity[]): ProcessHold {
  const processes = familyOf(roots).flatMap((identity): HeldProcess[] => {
    const nice = niceOf(identity.pid);
    return nice === undefined ? [] : [{...identity, nice}];
  });
  if (processes.length === 0) throw new CannotHold('it has no process any more');
  if (processes.some(({pid}) => pid === process.pid || pid === 1)) {
    throw new CannotHold('it holds the process that watches it');
  }
  const pids = action === 'lower' ? processes.map(({pid}) => pid) : [];
  const [weights, autogroups] = [ownWeights(pids), ownAutogroups(pids)];
  const restorable = lowestNice();
  const hasGroup = weights.length > 0 || autogroups.length > 0;
  if (action === 'lower' && !hasGroup && processes.some(({nice}) => nice < restorable)) {
    throw new CannotHold('its priority could be lowered here, but never raised again (RLIMIT_NICE)');
  }
  return {kind: 'processes', action, processes, weights, autogroups};
}

export async function holdProcesses(hold: ProcessHold, graceMs: number): Promise<void> {
  switch (hold.action) {
    case 'lower':
      hold.weights.forEach(lowerWeight);
      for (const {group} of hold.autogroups)
        await setAutogroupNice(group, LOWEST_PRIORITY, pidsOf(hold.processes));
      if (hold.processes.every(({nice}) => nice >= lowestNice())) everyThread(hold, () => LOWEST_PRIORITY);
      return;
    case 'pause':
      signalFamily(hold, 'SIGSTOP');
      return;
    case 'stop':
      await stop(hold, graceMs);
  }
}

/** As it was before. `others`: what the neighbour consists of by now, if that is known. */
export async function releaseProcesses(hold: ProcessHold, others: readonly ProcessIdentity[]): Promise<void> {
  switch (hold.action) {
    case 'lower': {
      hold.weights.forEach(restoreWeight);
      for (const {group, nice} of hold.autogroups) {
        await setAutogroupNice(group, nice, pidsOf([...hold.processes, ...others]));
      }
      const before = new Map(hold.processes.map(({pid, nice}) => [pid, nice]));
      const usual = Math.min(...hold.processes.map(({nice}) => nice));
      // What it has started since has inherited the low priority.
      const whole = {
        ...hold,
        processes: [...hold.processes, ...others.map((one) => ({...one, nice: usual}))],
      };
      everyThread(whole, (pid) => before.get(pid) ?? usual, LOWEST_PRIORITY);
      return;
    }
    case 'pause':
      signalFamily({...hold, processes: [...hold.processes, ...others]}, 'SIGCONT');
      return;
    case 'stop':
      return;
  }
}

const pidsOf = (roots: readonly ProcessIdentity[]): number[] => familyOf(roots).map(({pid}) => pid);

type Members = Pick<ProcessHold, 'processes'> | {processes: readonly ProcessIdentity[]};

/** A priority belongs to a thread. One that is just being born has its parent's, so one more look finds it. */
function everyThread({processes}: Members, niceFor: (pid: number) => number, only?: number): void {
  for (let look = 0, changed = true; changed && look < LOOKS; look++) {
    changed = false;
    for (const identity of familyOf(processes)) {
      const wanted = niceFor(identity.pid);
      for (const thread of threadsOf(identity.pid)) {
        const now = niceOf(thread);
        if (now === undefined || now === wanted || (only !== undefined && now !== only)) continue;
        if (!isAlive(identity)) break;
        changed = setNice(thread, wanted) || changed;
      }
    }
  }
}

/** Parents first: one that is stopped starts nothing new. */
function signalFamily({processes}: Members, signal: 'SIGSTOP' | 'SIGCONT'): void {
  const done = new Set<number>();
  for (let look = 0; look < LOOKS; look++) {
    const fresh = familyOf(processes).filter(({pid}) => !done.has(pid));
    if (fresh.length === 0) return;
    for (const identity of fresh) {
      signalOrFail(identity, signal);
      done.add(identity.pid);
    }
  }
}

/** One that has ended needs no signal; one that lives and took none is another user's. */
function signalOrFail(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!signalProcess(identity, signal) && isAlive(identity)) {
    throw new CannotHold('its processes belong to another user');
  }
}

async function stop({processes}: ProcessHold, graceMs: number): Promise<void> {
  const family = familyOf(processes);
  for (const identity of family) {
    signalOrFail(identity, 'SIGTERM');
    // One that was paused hears nothing until it goes on.
    signalProcess(identity, 'SIGCONT');
  }
  const deadline = performance.now() + graceMs;
  while (family.some(isAlive) && performance.now() < deadline) await delay(50);
  for (const identity of familyOf(family)) signalProcess(identity, 'SIGKILL');
}

/** Undefined when there is no such process or thread. */
function niceOf(id: number): number | undefined {
  try {
    return getPriority(id);
  } catch {
    return undefined;
  }
}

/** False when it ended meanwhile. */
function setNice(id: number, nice: number): boolean {
  try {
    setPriority(id, nice);
    return true;
  } catch (error) {
    if (niceOf(id) === undefined) return false;
    throw new CannotHold('its priority may not be set by this user', {cause: error});
  }
}
