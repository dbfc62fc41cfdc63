import {mib, type Bytes} from '../../base/units.ts';
import {countIn, known, numberIn, readCsv} from './csv.ts';
import {throttleReasons, type ThrottleReason} from './throttle.ts';

/** One line of `nvidia-smi --query-gpu`. What the driver does not tell is undefined; zero is a value. */
export interface CardRow {
  index: number;
  uuid: string;
  name: string;
  driver?: string;
  /** `00000000:01:00.0`. */
  busId?: string;
  /** `8.9`. */
  computeCapability?: string;
  persistence?: boolean;
  totalBytes?: Bytes;
  usedBytes?: Bytes;
  freeBytes?: Bytes;
  reservedBytes?: Bytes;
  /** 0 to 1. */
  utilizationRatio?: number;
  temperatureC?: number;
  powerW?: number;
  powerLimitW?: number;
  throttle?: readonly ThrottleReason[];
  /** What the driver asks for: `reset`, `reboot`, `drain`; undefined when it asks for nothing. */
  recovery?: 'reset' | 'reboot' | 'drain';
  /** A cell said that the card must be reset before it works again. */
  resetRequired: boolean;
  /** A cell said that the card is gone. */
  lost: boolean;
}

/** Columns that every driver knows. */
const ALWAYS = [
  'index',
  'uuid',
  'name',
  'driver_version',
  'pci.bus_id',
  'memory.total',
  'memory.used',
  'memory.free',
  'utilization.gpu',
  'temperature.gpu',
  'power.draw',
  'power.limit',
  'persistence_mode',
] as const;

/** Columns that came later: `nvidia-smi` refuses the whole query for one that it does not know. */
export const LATER: readonly (readonly string[])[] = [
  ['memory.reserved'],
  ['compute_cap'],
  ['clocks_event_reasons.active', 'clocks_throttle_reasons.active'],
  ['gpu_recovery_action'],
];

/** The fields to ask for, where `unknown` holds those that this driver has refused. Pure. */
export function fieldsFor(unknown: ReadonlySet<string>): string[] {
  const later = LATER.flatMap((names) => names.filter((name) => !unknown.has(name)).slice(0, 1));
  return [...ALWAYS.filter((name) => !unknown.has(name)), ...later];
}

/** The field that `nvidia-smi` refused, if that is what it says. */
export const refusedField = (text: string): string | undefined =>
  /Field "([^"\s]{1,100})" is not a valid field to query/.exec(text)?.[1];

const FACTORS: Readonly<Record<string, number>> = {KiB: 1 / 1024, MiB: 1, GiB: 1024};

/** A cell of memory in bytes; without a unit it is in MiB, as `nounits` prints it. */
function memoryIn(cell: string | undefined): Bytes | undefined {
  const value = numberIn(cell);
  const unit = /[KMG]iB$/.exec(cell ?? '')?.[0] ?? 'MiB';
  return value === undefined || value < 0 ? undefined : mib(value * (FACTORS[unit] ?? 1));
}

function recoveryIn(cell: string | undefined): CardRow['recovery'] {
  const action = known(cell) ?? '';
  if (/reboot/i.test(action)) return 'reboot';
  if (/reset/i.test(action)) return 'reset';
  return /drain/i.test(action) ? 'drain' : undefined;
}

function persistenceIn(cell: string | undefined): boolean | undefined {
  const mode = known(cell)?.toLowerCase();
  return mode === 'enabled' ? true : mode === 'disabled' ? false : undefined;
}

const defined = <T extends object>(value: T): {[K in keyof T]: Exclude<T[K], undefined>} =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

function rowOf(cells: ReadonlyMap<string, string>): CardRow | undefined {
  const index = countIn(cells.get('index'));
  const uuid = known(cells.get('uuid'));
  if (index === undefined || uuid === undefined || !/^GPU-[0-9A-Za-z-]{1,64}$/.test(uuid)) return undefined;
  const percent = numberIn(cells.get('utilization.gpu'));
  const said = [...cells.values()].join('\n');
  return {
    index,
    uuid,
    name: known(cells.get('name')) ?? 'NVIDIA GPU',
    resetRequired: /\[GPU requires reset\]/i.test(said),
    lost: /\[GPU is lost\]/i.test(said),
    ...defined({
      driver: known(cells.get('driver_version')),
      busId: known(cells.get('pci.bus_id')),
      computeCapability: known(cells.get('compute_cap')),
      persistence: persistenceIn(cells.get('persistence_mode')),
      totalBytes: memoryIn(cells.get('memory.total')),
      usedBytes: memoryIn(cells.get('memory.used')),
      freeBytes: memoryIn(cells.get('memory.free')),
      reservedBytes: memoryIn(cells.get('memory.reserved')),
      utilizationRatio: percent === undefined ? undefined : Math.min(1, Math.max(0, percent / 100)),
      temperatureC: numberIn(cells.get('temperature.gpu')),
      powerW: numberIn(cells.get('power.draw')),
      powerLimitW: numberIn(cells.get('power.limit')),
      throttle: throttleReasons(
        known(cells.get('clocks_event_reasons.active') ?? cells.get('clocks_throttle_reasons.active')),
      ),
      recovery: recoveryIn(cells.get('gpu_recovery_action')),
    }),
  };
}

/** Every card in an answer, by index, and the lines that tell of none. */
export function parseCards(text: string): {cards: CardRow[]; stray: readonly string[]} {
  const {rows, stray} = readCsv(text, {required: ['index', 'uuid']});
  const cards = rows.map(rowOf).filter((row) => row !== undefined);
  return {cards: cards.sort((a, b) => a.index - b.index), stray};
}

/**
 * The card that a person means: an index, a UUID, or the beginning of one (8 characters or more). Without a
 * wish the card of the lowest index. Undefined when none or more than one answers to it.
 */
export function chooseCard(cards: readonly CardRow[], wanted?: string): CardRow | undefined {
  if (wanted === undefined) return cards[0];
  if (/^\d+$/.test(wanted)) return cards.find(({index}) => index === Number(wanted));
  const name = wanted.toLowerCase();
  const meant = cards.filter(({uuid}) => uuid.toLowerCase().startsWith(name));
  return meant.length === 1 && name.length >= 8 ? meant[0] : undefined;
}
