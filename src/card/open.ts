import type {Clock} from '../base/clock.ts';
import type {Duration} from '../base/units.ts';
import {openCpuDevice} from './cpu/device.ts';
import type {Device, DeviceFacts} from './device.ts';
import {openNvidiaDevice} from './nvidia/device.ts';
import type {CardFault} from './nvidia/faults.ts';
import {openSmi} from './nvidia/smi.ts';
import type {Run} from './run.ts';

export interface DeviceOptions {
  clock: Clock;
  /** Runs programs on the machine whose device it is. */
  run: Run;
  /** `cpu`, or a card's index or UUID. Left out: the first NVIDIA card that answers, else the CPU. */
  card?: string | undefined;
  /** Stands for `/` of a Linux machine. */
  root?: string;
  /** How long one answer of nvidia-smi may take. */
  deadline?: Duration;
}

/**
 * What models and neighbours share on a machine. It is chosen when it is first asked, so that commands that ask
 * nothing start no program. A card that is wanted by name must be there; without a wish, a card that has failed
 * leaves the CPU, and `facts().faults` says why.
 */
export function openDevice(options: DeviceOptions): Device {
  let chosen: Promise<Device> | undefined;
  const device = async (): Promise<Device> => {
    chosen ??= choose(options);
    try {
      return await chosen;
    } catch (error) {
      // A driver may recover: the next call looks again.
      chosen = undefined;
      throw error;
    }
  };
  return {
    facts: async () => (await device()).facts(),
    read: async () => (await device()).read(),
  };
}

async function choose(options: DeviceOptions): Promise<Device> {
  const {run, clock, card, root, deadline} = options;
  const cpu = (): Device => openCpuDevice({clock, ...(root !== undefined && {root})});
  if (card === 'cpu') return cpu();
  const nvidia = (): Device =>
    openNvidiaDevice({
      run,
      clock,
      ...(card !== undefined && {card}),
      ...(root !== undefined && {root}),
      ...(deadline !== undefined && {deadline}),
    });
  if (card !== undefined) return nvidia();
  const {answers, fault} = await lookForCard(run, deadline);
  if (answers) return nvidia();
  return fault ? withFault(cpu(), fault) : cpu();
}

/** Whether a card answers on the machine that `run` reaches; where one is expected and does not, why. */
export async function lookForCard(
  run: Run,
  deadline?: Duration,
): Promise<{answers: boolean; fault?: CardFault}> {
  const answer = await openSmi(run, deadline).cards();
  if (answer.state === 'ok') return {answers: true};
  return {answers: false, ...(expected(answer.fault) && {fault: answer.fault})};
}

/** Where nvidia-smi is missing, or says that there is no card, nobody expects one. */
const expected = ({name}: CardFault): boolean => name !== 'not-installed' && name !== 'no-devices';

const withFault = (device: Device, fault: CardFault): Device => ({
  facts: async (): Promise<DeviceFacts> => ({...(await device.facts()), faults: [fault]}),
  read: () => device.read(),
});
