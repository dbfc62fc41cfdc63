import {z} from 'zod';
import {showCommand} from '../../card/index.ts';
import type {Enforced} from './keep/enforced.ts';
import {TIERS, type Lease} from './lease.ts';
import type {SeenLease} from './look.ts';

/** A lease as commands print it with `--json`. */
export const leaseReportSchema = z.object({
  name: z.string(),
  /** `cpu` (its RAM), or the UUID of a card. */
  device: z.string(),
  bytes: z.int(),
  usedBytes: z.int(),
  /** `gone`: its container is not there any more. `unknown`: Docker does not answer. */
  tenant: z.enum(['nobody-yet', 'running', 'stopped', 'gone', 'unknown']),
  /** How the promise is kept, as it was read back for this answer. */
  tier: z.enum(TIERS),
  /** Why it is only watched (T0). */
  why: z.enum(['open', 'no-group', 'card-unproven', 'not-read-back']).optional(),
  detail: z.string().optional(),
  owner: z.string(),
  note: z.string().optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  /** It ends with its tenant. */
  bound: z.boolean(),
  container: z.object({id: z.string(), name: z.string()}).optional(),
  process: z.object({pid: z.int(), command: z.string(), group: z.string().optional()}).optional(),
  pids: z.array(z.int()),
});
export type LeaseReport = z.infer<typeof leaseReportSchema>;

export function reportLease({lease, usedBytes, pids, enforced, tenant}: SeenLease): LeaseReport {
  const {name, device, bytes, owner, note, createdAt, expiresAt, bound = false, subject} = lease;
  return {
    name,
    device,
    bytes,
    usedBytes,
    tenant,
    ...enforced,
    owner,
    ...(note !== undefined && {note}),
    createdAt,
    ...(expiresAt !== undefined && {expiresAt}),
    bound,
    ...(subject.kind === 'container' && {container: {id: subject.id, name: subject.name}}),
    ...(subject.kind === 'process' && {process: processOf(subject)}),
    pids: [...pids],
  };
}

/** One that was made a moment ago: what it holds will be seen when it is looked at. */
export const reportNewLease = (lease: Lease, enforced: Enforced): LeaseReport =>
  reportLease({
    lease,
    usedBytes: 0 as SeenLease['usedBytes'],
    pids: [],
    enforced,
    tenant: lease.subject.kind === 'open' ? 'nobody-yet' : 'running',
  });

const processOf = ({pid, argv, group}: Extract<Lease['subject'], {kind: 'process'}>) => ({
  pid,
  command: showCommand(argv),
  ...(group !== undefined && {group}),
});
