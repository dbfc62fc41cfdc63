import type {Duration} from '../../base/units.ts';

/**
 * Why a hub did not give what was asked.
 * - `unreachable`: no connection, or no answer in time
 * - `dropped`: the transfer broke off or stalled
 * - `busy`: it asked to come back later
 * - `forbidden`: it wants a token, or another one
 * - `missing`: it has no such file
 * - `corrupt`: the bytes, or what it says of them, are not those of the file
 * - `broken`: it does not speak the hub's language (a login page, redirects in circles, 500)
 */
export type TroubleKind = 'unreachable' | 'dropped' | 'busy' | 'forbidden' | 'missing' | 'corrupt' | 'broken';

export class HubTrouble extends Error {
  readonly kind: TroubleKind;
  readonly retryAfter: Duration | undefined;

  constructor(
    kind: TroubleKind,
    message: string,
    more: {cause?: unknown; retryAfter?: Duration | undefined} = {},
  ) {
    super(message, {cause: more.cause});
    this.kind = kind;
    this.retryAfter = more.retryAfter;
  }

  /** Whether the same hub may do better in a while. */
  get passing(): boolean {
    switch (this.kind) {
      case 'unreachable':
      case 'dropped':
      case 'busy':
        return true;
      case 'forbidden':
      case 'missing':
      case 'corrupt':
      case 'broken':
        return false;
    }
  }
}
