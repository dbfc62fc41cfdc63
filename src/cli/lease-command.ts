import type {LeaseParts, WantedTenant} from '../capacity/index.ts';
import {BerthError, ExitCode} from '../base/errors.ts';
import type {Say} from '../base/texts/index.ts';
import type {Bytes} from '../base/units.ts';
import {claimsOn, slowedOn} from '../deploy/index.ts';
import type {Host} from '../hosts/index.ts';
import {BerthCommand} from './command.ts';

/** The flags that say how much of what. */
interface SizeFlags {
  bytes?: Bytes | undefined;
  vram?: Bytes | undefined;
  ram?: Bytes | undefined;
  card?: string | undefined;
}

/** What the commands about leases share. */
export abstract class LeaseCommand<Result> extends BerthCommand<Result> {
  /** Everything before `--`, and the words after it. */
  protected get parted(): {own: string[]; command: string[]} {
    const end = this.argv.indexOf('--');
    if (end === -1) return {own: this.argv, command: []};
    return {own: this.argv.slice(0, end), command: this.argv.slice(end + 1)};
  }

  /** What leases on a host's device are changed with. `card`: in the words of `openDevice`. */
  protected async leasing(host: Host, card: string | undefined): Promise<LeaseParts> {
    return {
      host,
      device: await this.parts.device(host, card),
      clock: this.parts.clock,
      signal: this.signal,
      claims: (facts, reading) => claimsOn(host, facts, reading),
      slowed: (facts) => slowedOn(host, facts, this.signal),
    };
  }

  /** The device that was meant by the flag for the size, where it is there. */
  protected async leasingFor(host: Host, flags: SizeFlags): Promise<LeaseParts> {
    const parts = await this.leasing(host, flags.ram === undefined ? flags.card : 'cpu');
    if (flags.vram !== undefined) {
      const {kind, name} = await parts.device.facts();
      if (kind === 'cpu') {
        throw usage(
          (t) => t.lease.noCardForVram({device: name}),
          ['berth doctor', `berth ${this.words} --ram 6GiB`],
        );
      }
    }
    return parts;
  }

  /** `lease add`, as typed. */
  protected get words(): string {
    return (this.id ?? '').replaceAll(':', ' ');
  }
}

/** The size that was asked for; undefined when none was. */
export const sizeIn = ({bytes, vram, ram}: SizeFlags): Bytes | undefined => bytes ?? vram ?? ram;

export const usage = (what: Say, next: readonly string[]): BerthError =>
  new BerthError({code: 'usage', what, exit: ExitCode.usage, try: next});

/** A command line after `--`, as a tenant to be. */
export function commandTenant([program, ...rest]: readonly string[]): WantedTenant | undefined {
  return program === undefined ? undefined : {kind: 'command', argv: [program, ...rest]};
}

/** A name for a lease made of the name of something else. */
export const leaseNameOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 39) || 'lease';
