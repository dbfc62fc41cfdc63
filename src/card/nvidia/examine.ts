import type {Duration} from '../../base/units.ts';
import type {Run} from '../run.ts';
import type {CardRow} from './cards.ts';
import type {CardFault} from './faults.ts';
import {ANSWER_DEADLINE, openSmi} from './smi.ts';
import type {DriverVersions} from './versions.ts';
import {parseXids, xidsOf, type Xid} from './xids.ts';

/** What a doctor wants to know of a machine's cards. */
export type Examination =
  /** Nothing of NVIDIA's is installed, or the driver says that there is no card. */
  | {state: 'none'; fault: CardFault}
  | {state: 'fault'; fault: CardFault; xids: readonly Xid[]}
  | {
      state: 'cards';
      cards: readonly CardRow[];
      /** What failed beside them. */
      fault?: CardFault;
      versions: DriverVersions;
      /** Undefined when the kernel's log may not be read. */
      xids: readonly Xid[] | undefined;
    };

/** Looks at every card, the driver and the kernel's log. Finds, never changes. */
export async function examineCards(run: Run, deadline: Duration = ANSWER_DEADLINE): Promise<Examination> {
  const smi = openSmi(run, deadline);
  const cards = await smi.cards();
  if (cards.state === 'fault') {
    const {fault} = cards;
    if (fault.name === 'not-installed' || fault.name === 'no-devices') return {state: 'none', fault};
    return {state: 'fault', fault, xids: (await xidsInKernelLog(run, deadline)) ?? []};
  }
  const [versions, xids] = await Promise.all([smi.versions(), xidsInKernelLog(run, deadline)]);
  return {
    state: 'cards',
    ...cards.value,
    versions: versions.state === 'ok' ? versions.value : {},
    xids: xids && cards.value.cards.flatMap(({busId}) => (busId === undefined ? [] : xidsOf(xids, busId))),
  };
}

/** From the kernel's ring buffer, which begins anew with every boot; many hosts let only root read it. */
export async function xidsInKernelLog(run: Run, deadline: Duration): Promise<Xid[] | undefined> {
  for (const argv of [['dmesg'], ['journalctl', '--dmesg', '--quiet', '--no-pager']] as const) {
    const ran = await run(argv, {deadline});
    if (ran.state === 'ended' && ran.code === 0) return parseXids(ran.stdout);
  }
  return undefined;
}
