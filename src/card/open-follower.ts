import type {Clock} from '../base/clock.ts';
import {openCpuDevice} from './cpu/device.ts';
import {followCpu} from './cpu/follower.ts';
import type {Reading} from './device.ts';
import type {Follower} from './follower.ts';
import {followNvidia} from './nvidia/follower.ts';
import {localRun, type Run} from './run.ts';

export interface FollowerOptions {
  clock: Clock;
  /** `cpu`, or the UUID of a card. */
  device: string;
  /** A control group's limit of this process alone does not count: it is a guest of the machine that it looks at. */
  guest: boolean;
  /** Stands for `/` of a Linux machine. */
  root?: string;
  /** Runs what reads the kernel's log, where this program may not read it itself. */
  runForLog?: Run;
}

export function openFollower({clock, device, guest, root, runForLog}: FollowerOptions): Follower {
  if (device !== 'cpu') {
    const run = localRun();
    return followNvidia({clock, uuid: device, root: root ?? '/', run, runForLog: runForLog ?? run});
  }
  if (root !== undefined || process.platform === 'linux') return followCpu({clock, guest, root: root ?? '/'});
  return followAny(clock);
}

/** Where there is no /proc, each look is a whole reading. */
function followAny(clock: Clock): Follower {
  const device = openCpuDevice({clock});
  let last: Reading | undefined;
  let lookedAt: number | undefined;
  const look = async (): Promise<void> => {
    last = await device.read();
    lookedAt = clock.elapsed();
  };
  return {
    facts: () => device.facts(),
    async read() {
      if (!last) await look();
      return last ?? (await device.read());
    },
    look: (which) => (which === 'all' ? look() : Promise.resolve()),
    get seenAt() {
      return lookedAt;
    },
    get lookedAt() {
      return lookedAt;
    },
    changed: () => false,
    xids: () => Promise.resolve([]),
    [Symbol.dispose]: () => undefined,
  };
}
