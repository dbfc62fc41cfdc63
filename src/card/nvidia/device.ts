import {readlink} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '../../base/clock.ts';
import {bytes, type Duration} from '../../base/units.ts';
import {showCommand} from '../cpu/command-line.ts';
import {readProcessFacts, type ProcessFacts} from '../cpu/processes.ts';
import type {Device, DeviceFacts, ProcessReading, Reading} from '../device.ts';
import type {Run} from '../run.ts';
import {chooseCard, type CardRow} from './cards.ts';
import {cardError, cardFault, type CardFault} from './faults.ts';
import {mergeProcesses, type CardProcess} from './processes.ts';
import {shareOutCard} from './share-out.ts';
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
      const memory = shareOutCard(
        card,
        processes.map(({usedBytes}) => usedBytes),
      );
      if (!memory) throw cardError(memoryUnknown(card));
      const facts = await factsOf(
        processes.map(({pid}) => pid),
        root,
      );
      const faults = [...seen.faults, ...asks(card)];
      const {utilizationRatio, temperatureC, powerW, powerLimitW, throttle} = card;
      const {totalBytes, usedBytes, freeBytes, reservedBytes} = memory;
      return {
        at: clock.now(),
        totalBytes,
        usedBytes,
        freeBytes,
        reservedBytes,
        ...(utilizationRatio !== undefined && {utilizationRatio}),
        ...(temperatureC !== undefined && {temperatureC}),
        ...(powerW !== undefined && {powerW}),
        ...(powerLimitW !== undefined && {powerLimitW}),
        ...(throttle !== undefined && {throttle}),
        processes: processes.map((one, at) => readingOf(one, memory.processes[at], facts.get(one.pid))),
        ...(hidden && {processesHidden: true}),
        ...(faults.length > 0 && {faults}),
      };
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

/** A card that must be reset tells no memory; another that tells none cannot be shared out. */
const memoryUnknown = (card: CardRow): CardFault =>
  card.resetRequired ? cardFault('reset-required', card.uuid) : cardFault('unreadable', card.uuid);

const asks = (card: CardRow): CardFault[] =>
  card.resetRequired || card.recovery === 'reset' || card.recovery === 'reboot'
    ? [cardFault('reset-required', card.uuid)]
    : [];

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

async function factsOf(
  pids: readonly number[],
  root: string | undefined,
): Promise<Map<number, ProcessFacts>> {
  if (pids.length === 0 || (root === undefined && process.platform !== 'linux')) return new Map();
  return readProcessFacts(pids, root ?? '/');
}

/** A process that /proc does not show has ended, or lives in another PID namespace: the driver's word remains. */
function readingOf(
  one: CardProcess,
  usedBytes: number | undefined,
  facts: ProcessFacts | undefined,
): ProcessReading {
  const named = one.name === undefined ? undefined : showCommand([one.name]);
  return {
    ...(facts ?? {
      pid: one.pid,
      name: shortName(named) ?? `pid ${one.pid}`,
      command: `[${named ?? one.pid}]`,
    }),
    usedBytes: bytes(usedBytes ?? 0),
    uses: one.uses,
  };
}

const shortName = (path: string | undefined): string | undefined =>
  path?.split(/[/\\]/).findLast((part) => part !== '');

/** Inode of the first PID namespace of every Linux (PROC_PID_INIT_INO). */
const FIRST_NAMESPACE = 'pid:[4026531836]';

/** Does this program live in a PID namespace of its own? False where that cannot be known. */
async function livesApart(root: string): Promise<boolean> {
  try {
    return (await readlink(join(root, 'proc/self/ns/pid'))) !== FIRST_NAMESPACE;
  } catch {
    // No /proc (macOS, Windows), or that of another machine: nothing is known, and nothing is claimed.
    return false;
  }
}
