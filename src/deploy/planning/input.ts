import type {Bytes} from '../../base/units.ts';
import type {Tenant} from '../../capacity/index.ts';
import type {DeviceFacts, KnownCard, Reading} from '../../card/index.ts';
import type {Plannable} from '../../models/index.ts';
import type {ErrorSoFar} from './error-so-far.ts';
import type {Offer} from './offers.ts';
import type {Profile} from './profiles.ts';

/** What the person asked of the plan. */
export interface PlanWish {
  profile: Profile;
  contextTokens?: number | undefined;
  sequences?: number | undefined;
  budgetBytes?: Bytes | undefined;
  /** Kept free for others, beside the model. */
  leaveBytes: Bytes;
}

/** The device, as read on a host or as its maker describes it. */
export interface PlanDevice {
  from: 'planned' | 'read';
  facts: Pick<DeviceFacts, 'kind' | 'name'>;
  host?: string;
  card?: KnownCard | undefined;
  reading: Pick<Reading, 'totalBytes' | 'freeBytes' | 'usedBytes' | 'reservedBytes'>;
  presentBytes: Bytes;
  programsBytes: Bytes;
  leasesBytes: Bytes;
  tenants: readonly Pick<Tenant, 'kind' | 'name' | 'usedBytes'>[];
}

export interface ReportInput {
  at: Date;
  model: Plannable;
  /** All ways, and the one that was chosen. */
  offers: readonly Offer[];
  chosen: Offer;
  wish: PlanWish;
  device: PlanDevice;
  errorSoFar: ErrorSoFar | undefined;
  update: 'auto' | 'swap';
}
