import {randomBytes} from 'node:crypto';
import {basename} from 'node:path';
import {z} from 'zod';
import {formatBytes, mib} from '../base/units.ts';
import {
  addLease,
  deviceName,
  endLease,
  leaseRegistry,
  leaseReportSchema,
  reportNewLease,
  wasKilledAtLimit,
  type AddedLease,
} from '../capacity/index.ts';
import type {DeviceFacts} from '../card/index.ts';
import {examples, Flags, anywayFlag, promiseFlags, sizeFlags, text} from '../cli/command.ts';
import {commandTenant, LeaseCommand, leaseNameOf, sizeIn, usage} from '../cli/lease-command.ts';
import {keptBy} from '../cli/present/leases.ts';

const resultSchema = z.object({
  schema: z.literal('berth.run/1'),
  /** As it was while the command ran. */
  lease: leaseReportSchema,
  /** Of the command; 128 and the signal's number when a signal ended it. */
  exitCode: z.int(),
  /** The kernel has ended a process of it, because all together took more than was promised. */
  killedAtLimit: z.boolean(),
});
type Result = z.infer<typeof resultSchema>;

export default class Run extends LeaseCommand<Result> {
  static override summary = text((t) => t.lease.help.run);
  static override description = text((t) => t.lease.help.runMore);
  static override examples = examples(['run --ram 2GiB -- python3 train.py', (t) => t.lease.help.runExample]);
  static override strict = false;
  static override flags = {
    ...sizeFlags,
    ...promiseFlags,
    ...anywayFlag,
    as: Flags.string({
      summary: text((t) => t.lease.help.flagLease),
      env: 'BERTH_AS',
      helpValue: 'NAME',
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {own, command} = this.parted;
    const {flags} = await this.parse(Run, own);
    const bytes = sizeIn(flags);
    const typed = command.join(' ');
    if (bytes === undefined) throw usage((t) => t.lease.sizeMissing, [`berth run --ram 2GiB -- ${typed}`]);
    const tenant = commandTenant(command);
    const program = basename(command[0] ?? '');
    if (!tenant) throw usage((t) => t.lease.commandMissing, ['berth run --ram 2GiB -- python3 train.py']);
    if (program === 'docker') {
      throw usage((t) => t.lease.dockerInForeground, [`berth lease add NAME --ram 2GiB -- ${typed}`]);
    }
    await using host = await this.parts.host('local');
    const parts = await this.leasingFor(host, flags);
    const added = await addLease(parts, {
      name: flags.as ?? leaseNameOf(`${program.slice(0, 30)}-${randomBytes(3).toString('hex')}`),
      bytes,
      note: flags.note,
      anyway: flags.anyway,
      expiresAt: flags.for && new Date(this.parts.clock.now().getTime() + flags.for),
      tenant,
      foreground: this.jsonEnabled() ? 'on-stderr' : 'on-stdout',
      command: (size) => `berth run ${size} -- ${typed}`,
    });
    try {
      this.tell(added, await parts.device.facts());
      const exitCode = await untilEnded(added);
      const lease = reportNewLease(added.lease, added.enforced);
      const {subject} = added.lease;
      const group = subject.kind === 'process' ? subject.group : undefined;
      const killedAtLimit = group !== undefined && (await wasKilledAtLimit(host, group));
      if (killedAtLimit) this.tellKilled(added, typed);
      process.exitCode = exitCode;
      return {schema: 'berth.run/1', lease, exitCode, killedAtLimit};
    } finally {
      const {clock} = this.parts;
      const {name} = added.lease;
      // Whatever has interrupted the command, its promise goes; unless its time was over, or somebody took it back.
      if ((await leaseRegistry(host).all()).some((lease) => lease.name === name)) {
        await endLease({host, clock, signal: new AbortController().signal}, name);
      }
    }
  }

  /** On stderr: stdout is the command's. */
  private tell({lease, enforced}: AddedLease, device: DeviceFacts): void {
    const {name, bytes} = lease;
    const size = formatBytes(bytes);
    const say = (t: typeof this.t): string =>
      t.lease.ranUnder({name, size, device: deviceName(t, device), tier: keptBy(t, enforced)});
    this.progress({id: 'lease', status: 'done', say});
    this.endTelling();
  }

  /** The program itself could say nothing. */
  private tellKilled({lease: {bytes: limit}}: AddedLease, typed: string): void {
    const [size, more] = [formatBytes(limit), `${Math.ceil((limit / mib(1)) * 2)}MiB`];
    const command = `berth run --ram ${more} -- ${typed}`;
    this.progress({id: 'limit', status: 'warning', say: (t) => t.lease.killedAtLimit({size, command})});
    this.endTelling();
  }
}

/** Ctrl-C reaches the command by itself, which shares the terminal; a signal to this program alone is passed on. */
async function untilEnded({running}: AddedLease): Promise<number> {
  if (!running) throw new Error('a command in the foreground is not running');
  const pass = (): void => running.kill('SIGTERM');
  process.on('SIGTERM', pass);
  try {
    running.go();
    return await running.ended;
  } finally {
    process.off('SIGTERM', pass);
  }
}
