import {z} from 'zod';
import {bytes, type Bytes} from '../../base/units.ts';
import type {Reading} from '../../card/index.ts';
import {safetyMargin} from '../safety.ts';
import {growthOf} from './growth.ts';

/** Bytes that somebody may use, and what they hold of them now. */
export interface Claim {
  name: string;
  bytes: Bytes;
  usedBytes: Bytes;
}

/** What deployments were promised of a device. */
export interface DeploymentClaims {
  /** Budgets of the models of every deployment on it. */
  models: readonly Claim[];
  /** What Berth's own programs may hold, of all deployments together. */
  programs: Omit<Claim, 'name'>;
}

export interface AdmissionInput extends DeploymentClaims {
  /** All leases on the device but the one that is asked for. */
  leases: readonly Claim[];
  askedBytes: Bytes;
  reading: Pick<Reading, 'totalBytes' | 'freeBytes' | 'reservedBytes'>;
  /** What the tenant that asks holds already (it is adopted, or its lease changes size). */
  heldBytes: Bytes;
}

const byteCount = z.int() as unknown as z.ZodType<Bytes>;

/** How much can be promised, line by line. */
export const sumSchema = z.object({
  terms: z.array(
    z.object({
      name: z.enum(['total', 'free', 'held', 'reserved', 'model', 'programs', 'lease', 'safety']),
      /** Which deployment or lease. */
      of: z.string().optional(),
      /** Added or, where negative, taken away. */
      bytes: byteCount,
    }),
  ),
  /** What the terms add up to: the most that can be promised by this sum. May be below zero. */
  roomBytes: byteCount,
});
export type Sum = z.infer<typeof sumSchema>;
export type Term = Sum['terms'][number];

export interface Admission {
  state: 'admitted' | 'refused';
  askedBytes: Bytes;
  /** By what was promised: total - reserved - budgets - allowance - leases - safety. */
  promised: Sum;
  /** By what was measured: free + held already - what each may still take of its promise - safety. */
  measured: Sum;
  /** The nearest size that fits, whole MiB, never below zero: the largest lease now. */
  largestBytes: Bytes;
}

const MIB = 1024 ** 2;

/**
 * Whether bytes of a device can be promised. Both sums must have room: promises alone would forget outsiders, and
 * free bytes alone would sell what others were promised and do not use yet. Pure.
 */
export function admit(input: AdmissionInput): Admission {
  const {askedBytes, reading, models, programs, leases, heldBytes} = input;
  const safety: Term = {name: 'safety', bytes: less(safetyMargin(reading.totalBytes))};
  const promised = sumOf([
    {name: 'total', bytes: reading.totalBytes},
    {name: 'reserved', bytes: less(reading.reservedBytes)},
    ...models.map((one): Term => ({name: 'model', of: one.name, bytes: less(one.bytes)})),
    {name: 'programs', bytes: less(programs.bytes)},
    ...leases.map((one): Term => ({name: 'lease', of: one.name, bytes: less(one.bytes)})),
    safety,
  ]);
  const measured = sumOf([
    {name: 'free', bytes: reading.freeBytes},
    ...(heldBytes > 0 ? [{name: 'held', bytes: heldBytes} as const] : []),
    ...models.map((one): Term => ({name: 'model', of: one.name, bytes: less(growthOf(one))})),
    {name: 'programs', bytes: less(growthOf(programs))},
    ...leases.map((one): Term => ({name: 'lease', of: one.name, bytes: less(growthOf(one))})),
    safety,
  ]);
  const room = Math.min(promised.roomBytes, measured.roomBytes);
  return {
    state: askedBytes <= room ? 'admitted' : 'refused',
    askedBytes,
    promised,
    measured,
    largestBytes: bytes(Math.max(0, Math.floor(room / MIB) * MIB)),
  };
}

/** Taken away. Never minus zero, which JSON does not keep. */
const less = (size: number): Bytes => bytes(0 - size);

const sumOf = (terms: Term[]): Sum => ({
  terms,
  roomBytes: bytes(terms.reduce((sum, term) => sum + term.bytes, 0)),
});
