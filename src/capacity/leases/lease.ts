import {z} from 'zod';
import type {Bytes} from '../../base/units.ts';

/** Safe as a file's name, as part of a control group's name and as an environment variable's value. */
export const LEASE_NAME = /^[a-z0-9][a-z0-9._-]{0,38}$/;

/**
 * How a promise is kept. `cgroup`: RAM, by the control group of its tenant. `T3`: a card, by the kernel (dmem).
 * `T2`: a card, by the driver (misc). `T1`: a card, by programs that cooperate. `T0`: not at all, it is watched.
 * Only a limit that was read back counts.
 */
export const TIERS = ['T3', 'T2', 'T1', 'T0', 'cgroup'] as const;

const subjectSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('container'),
    /** 64 hex digits. A container that is made anew has another; then its name leads to it. */
    id: z.string().regex(/^[0-9a-f]{64}$/),
    name: z.string(),
  }),
  z.object({
    kind: z.literal('process'),
    pid: z.int().min(1),
    /** Boot id and start tick, `<boot id>:<tick>`: a pid alone may be another's tomorrow. */
    started: z.string(),
    argv: z.array(z.string()),
    /** Absolute folder of the control group that was made for it; missing where none could be made. */
    group: z.string().exactOptional(),
  }),
  /** A promise that nobody uses yet. */
  z.object({kind: z.literal('open')}),
]);

/** Bytes of a device promised to a neighbour of the model: one file on the host. */
export const leaseSchema = z.object({
  schema: z.literal('berth.lease/1'),
  name: z.string().regex(LEASE_NAME),
  /** `cpu` (its RAM), or the UUID of a card. */
  device: z.string().min(1),
  bytes: z.int().min(1) as unknown as z.ZodType<Bytes>,
  /** Who made it, `user@host`. */
  owner: z.string(),
  note: z.string().exactOptional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().exactOptional(),
  /** It ends when its subject ends, as `berth run` has it; other promises stay, and are open then. */
  bound: z.boolean().exactOptional(),
  subject: subjectSchema,
  tier: z.enum(TIERS),
});

export type Lease = z.infer<typeof leaseSchema>;
export type LeaseSubject = Lease['subject'];
export type Tier = Lease['tier'];
