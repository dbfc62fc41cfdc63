import type {Lease} from './lease.ts';

/** Whether its time is over. Pure. */
export const isExpired = ({expiresAt}: Pick<Lease, 'expiresAt'>, now: Date): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime();
