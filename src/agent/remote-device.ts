import type {Clock} from '../base/clock.ts';
import {seconds} from '../base/units.ts';
import {openNvidiaDevice, type Device, type DeviceFacts, type Run} from '../card/index.ts';
import type {Host} from '../hosts/index.ts';
import type {Agent} from './agent.ts';
import {cpuFacts} from './cpu-facts.ts';

const LIST = seconds(10);

export interface RemoteDeviceOptions {
  agent: Agent;
  /** Runs programs on the host itself. */
  run: Run;
  clock: Clock;
  card: string | undefined;
}

/**
 * The device of another host. Its facts are asked of the host itself, which takes a moment; a reading names every
 * process, so that it is taken there, by an agent that sees them.
 */
export function remoteDevice({agent, run, clock, card}: RemoteDeviceOptions): Device {
  const find = async (): Promise<DeviceFacts> => {
    if (card !== 'cpu' && (card !== undefined || (await hasCards(run)))) {
      return openNvidiaDevice({run, clock, ...(card !== undefined && {card})}).facts();
    }
    const told = await run(['cat', '/proc/cpuinfo', '/proc/meminfo'], {deadline: LIST});
    return (told.state === 'ended' ? cpuFacts(told.stdout) : undefined) ?? agent.ask('facts', {});
  };
  let facts: Promise<DeviceFacts> | undefined;
  return {
    facts: () => (facts ??= find()),
    read: () => agent.ask('read', {}),
  };
}

/** Whether the host has a driver that lists a card. */
export async function hasCards(run: Run): Promise<boolean> {
  const listed = await run(['nvidia-smi', '-L'], {deadline: LIST});
  return listed.state === 'late' || (listed.state === 'ended' && listed.code !== 127);
}

/** Programs on a host, in the words of the card's readers. */
export const runOn =
  (host: Pick<Host, 'run'>): Run =>
  async (argv, {deadline, signal}) => {
    const late = AbortSignal.timeout(deadline);
    try {
      const ended = await host.run(argv, {signal: signal ? AbortSignal.any([signal, late]) : late});
      return ended.code === 127 ? {state: 'missing'} : {state: 'ended', ...ended};
    } catch (error) {
      signal?.throwIfAborted();
      if (late.aborted) return {state: 'late'};
      throw error;
    }
  };
