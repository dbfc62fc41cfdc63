import type {Clock} from '../../base/clock.ts';
import type {Duration} from '../../base/units.ts';
import type {Device, DeviceFacts, Reading} from '../device.ts';
import type {Run} from '../run.ts';
import {chooseCard, type CardRow} from './cards.ts';
import {cardError, cardFault, type CardFault} from './faults.ts';
import {mergeProcesses, type CardProcess} from './processes.ts';
import {factsOf, livesApart, memoryUnknown, readingOfCard} from './reading.ts';
import {openSmi, type Answer, type Smi} from './smi.ts';

export interface NvidiaDeviceOptions {
  run: Run;
  clock: Clock;
  /** Index, UUID or the beginning of one; the card of the lowest index when left out. */
  card?: string;
  /** Folder that holds `proc` of the machine that `run` reaches; `/` unless told, undefined facts elsewhere. */
  root?: string;
  /** How long one answer of nvidia-smi may take. */
  deadline?: Duration;
}

/**
 * One NVIDIA card, read with nvidia-smi. `facts()` and `read()` throw a BerthError `card_…` when the card or its
 * driver has failed; what can be told beside a smaller failure is told, with the failure in `faults`.
 */
export function openNvidiaDevice({run, clock, card: wanted, root, deadline}: NvidiaDeviceOptions): Device {
  const smi = openSmi(run, deadline);
  let uuid: string | undefined;

  /** The chosen card as it is now. Once it is known, others are not asked: their failures are not ours. */
  async function look(): Promise<CardRow> {
    const {cards, fault} = demand(await smi.cards(uuid));
    const card = chooseCard(cards, uuid ?? wanted);
    if (!card) throw cardError(fault ?? unknownCard(wanted ?? '', cards));
    if (card.lost) throw cardError(cardFault('lost', card.uuid));
    uuid = card.uuid;
    return card;
  }

  return {
    async facts(): Promise<DeviceFacts> {
      const [card, versions] = await Promise.all([look(), smi.versions()]);
      const {driver = card.driver, cudaCeiling} = versions.state === 'ok' ? versions.value : {};
      const {index, name, totalBytes, computeCapability, persistence} = card;
      if (totalBytes === undefined) throw cardError(memoryUnknown(card));
      return {
        kind: 'gpu',
        id: card.uuid,
        name,
        totalBytes,
        index,
        ...(driver !== undefined && {driver}),
        ...(cudaCeiling !== undefined && {cudaCeiling}),
        ...(computeCapability !== undefined && {computeCapability}),
        ...(persistence !== undefined && {persistence}),
      };
    },

    async read(): Promise<Reading> {
      const [card, seen, hidden] = await Promise.all([look(), readProcesses(smi), livesApart(root ?? '/')]);
      const processes = mergeProcesses(card, seen.apps, seen.monitored);
      const facts = await factsOf(
        processes.map(({pid}) => pid),
        root,
      );
      return readingOfCard(card, processes, facts, {at: clock.now(), hidden, faults: seen.faults});
    },
  };
}

function demand<T>(answer: Answer<T>): T {
  if (answer.state === 'ok') return answer.value;
  throw cardError(answer.fault);
}

const unknownCard = (wanted: string, cards: readonly CardRow[]): CardFault =>
  cardFault(
    'not-this-card',
    '',
    `${wanted} (${cards.map(({index, uuid, name}) => `${index}: ${name}, ${uuid}`).join('; ')})`,
  );

interface SeenProcesses {
  apps: CardProcess[];
  monitored: CardProcess[];
  faults: CardFault[];
}

/**
 * Both lists of processes. `pmon` is not there everywhere (WSL, some virtual cards); then graphics processes
 * stay unattributed. Only when the compute query fails as well is that a fault worth telling.
 */
async function readProcesses(smi: Smi): Promise<SeenProcesses> {
  const [apps, monitored] = await Promise.all([smi.computeApps(), smi.monitored()]);
  return {
    apps: apps.state === 'ok' ? apps.value : [],
    monitored: monitored.state === 'ok' ? monitored.value : [],
    faults: apps.state === 'fault' && monitored.state === 'fault' ? [apps.fault] : [],
  };
}
