import {join} from 'node:path';
import type {Say} from '../../base/texts/index.ts';
import {seconds, type Bytes} from '../../base/units.ts';
import {waitFor} from '../../base/wait.ts';
import {
  createTenant,
  hasBegun,
  notStarted,
  startGated,
  type DockerRun,
  type GatedTenant,
} from '../../hosts/index.ts';
import type {Admission} from './admission.ts';
import type {Enforced} from './keep/enforced.ts';
import {driverLimits, limitOnCard} from './keep/card.ts';
import {createGated} from './keep/gate.ts';
import {makeGroup, removeGroup} from './keep/groups.ts';
import {readContainerLimit} from './keep/ram.ts';
import type {Lease, LeaseSubject} from './lease.ts';
import type {LeaseParts} from './parts.ts';
import {modelSlowed} from './refusals.ts';
import {checkedName, leaseRegistry, leasesFolder} from './registry.ts';
import {reserve, type Reserved} from './reserve.ts';
import {Containers, findTenant, subjectOf, type FoundTenant, type WantedTenant} from './tenant.ts';

/** A lease to be made. */
export interface LeaseWish {
  name: string;
  bytes?: Bytes | undefined;
  note?: string | undefined;
  expiresAt?: Date | undefined;
  tenant: WantedTenant;
  /** Also while the model is slowed. */
  anyway?: boolean;
  /** A program in the foreground; its lease ends with it. */
  foreground?: 'on-stdout' | 'on-stderr';
  /** What was typed, with another size (`--ram 2GiB`): for the next command when it does not fit. */
  command: (size: string) => string;
}

export interface AddedLease {
  lease: Lease;
  enforced: Enforced;
  admission: Admission;
  /** The file that a program in the background writes to. */
  logFile?: string;
  /** A program in the foreground. It waits at its gate. */
  running?: GatedTenant;
}

/**
 * Promises bytes, and keeps the promise by the best means that the host proves. First the promise is written down,
 * then its tenant gets its limit, then it begins: no moment is without either. What fails leaves nothing behind.
 */
export async function addLease(parts: LeaseParts, wish: LeaseWish): Promise<AddedLease> {
  const name = checkedName(wish.name);
  const {host, device} = parts;
  using containers = new Containers(host);
  const looksAtProcesses = wish.tenant.kind === 'process';
  const found = await findTenant(
    parts,
    wish.tenant,
    containers,
    looksAtProcesses ? await device.read() : {processes: []},
  );
  await refuseNewcomer(parts, wish, found);
  const reserved = await reserve(parts, {
    ...wish,
    name,
    bound: wish.foreground !== undefined,
    subject: subjectOf(found),
    tenant: tenantName(found),
  });
  const registry = leaseRegistry(host);
  try {
    const bound = await settleIn({parts, containers, reserved, wish}, found);
    await registry.save(bound.lease);
    const {begin, ...added} = {...bound, admission: reserved.admission};
    // Whoever holds the terminal says first what there is to say, and opens the gate then.
    const enforced = bound.running ? undefined : await begin();
    if (!enforced) return added;
    const lease: Lease = {...bound.lease, tier: enforced.tier};
    await registry.save(lease);
    return {...added, lease, enforced};
  } catch (error) {
    await registry.remove(name);
    throw error;
  }
}

/** Nobody new beside a model that is slowed. Who runs already is let in: a lease is what lets the guard hold it back. */
async function refuseNewcomer(
  {device, slowed}: LeaseParts,
  {anyway, bytes: asked, command}: LeaseWish,
  {kind}: FoundTenant,
): Promise<void> {
  if (anyway || (kind !== 'docker-run' && kind !== 'program')) return;
  const facts = await device.facts();
  const model = await slowed(facts);
  if (model) throw modelSlowed(command, facts, asked, model);
}

interface Settling {
  parts: LeaseParts;
  containers: Containers;
  reserved: Reserved;
  wish: LeaseWish;
}

/** A tenant that has its limit, and what lets it begin. */
interface Settled extends Omit<AddedLease, 'admission'> {
  /** What it is kept by, where that is known only once it runs. */
  begin: () => Promise<Enforced | undefined>;
}

function settleIn(settling: Settling, found: FoundTenant): Promise<Settled> {
  switch (found.kind) {
    case 'nobody-yet':
      return Promise.resolve(there(settling, {tier: 'T0', why: 'open'}));
    case 'process':
      return Promise.resolve(there(settling, {tier: 'T0', why: reasonOf(settling)}));
    case 'container':
      return settleContainer(settling, found.container.id);
    case 'docker-run':
      return settleNewContainer(settling, found.run);
    case 'program':
      return settleProgram(settling, found.argv);
  }
}

const reasonOf = ({reserved}: Settling): 'card-unproven' | 'no-group' =>
  reserved.facts.kind === 'gpu' ? 'card-unproven' : 'no-group';

/** One that runs already, or nobody. */
const there = ({reserved}: Settling, enforced: Enforced): Settled => ({
  lease: {...reserved.lease, tier: enforced.tier},
  enforced,
  begin: () => Promise.resolve(undefined),
});

async function settleContainer(settling: Settling, id: string): Promise<Settled> {
  return there(settling, await limitContainer(settling, id));
}

async function limitContainer({parts, containers, reserved}: Settling, id: string): Promise<Enforced> {
  const {lease, facts} = reserved;
  const opened = await containers.open();
  if (facts.kind === 'gpu') {
    const pid = (await opened.find(id))?.pid;
    if (pid === undefined) return {tier: 'T0', why: 'card-unproven'};
    return await limitOnCard(parts.host, facts.id, pid, lease.bytes);
  }
  await opened.limitMemory(id, lease.bytes);
  return await readContainerLimit(parts.host, opened, id, lease.bytes);
}

async function settleNewContainer(settling: Settling, run: DockerRun): Promise<Settled> {
  const {parts, containers, reserved} = settling;
  const {name} = reserved.lease;
  const opened = await containers.open();
  const onCard = reserved.facts.kind === 'gpu';
  const gated =
    onCard && (await driverLimits(parts.host))
      ? await createGated(parts.host, opened, run, name, parts.signal)
      : undefined;
  const id = gated?.id ?? (await createTenant(parts.host, run, name, parts.signal));
  try {
    const enforced: Enforced = onCard
      ? {tier: 'T0', why: 'card-unproven'}
      : await limitContainer(settling, id);
    const made = await opened.find(id);
    const subject: LeaseSubject = {kind: 'container', id, name: made?.name ?? id.slice(0, 12)};
    const settled = there(settling, enforced);
    return {
      ...settled,
      lease: {...settled.lease, subject},
      async begin() {
        try {
          await opened.start(id);
          if (!gated) return undefined;
          const limited = await limitContainer(settling, id);
          await gated.open();
          return limited;
        } catch (error) {
          await opened.remove(id);
          throw error;
        }
      },
    };
  } catch (error) {
    await opened.remove(id);
    throw error;
  }
}

/** From the gate to the program itself. */
const BEGIN = seconds(10);

async function settleProgram(
  {parts, reserved, wish}: Settling,
  argv: readonly [string, ...string[]],
): Promise<Settled> {
  const {host, clock, signal} = parts;
  const {lease, facts} = reserved;
  const made = facts.kind === 'cpu' ? await makeGroup(host, lease.name, lease.bytes) : undefined;
  const group = made?.made ? made.group : undefined;
  const logFile = join(leasesFolder(host.stateRoot), `${lease.name}.log`);
  let tenant: GatedTenant;
  try {
    tenant = await startGated({
      argv,
      lease: lease.name,
      ...(group !== undefined && {group}),
      output: outputOf(wish, logFile),
    });
  } catch (error) {
    if (group !== undefined) await removeGroup(host, group);
    throw error;
  }
  const enforced = enforcedBy(made);
  const {pid, started} = tenant;
  return {
    lease: {
      ...lease,
      subject: {kind: 'process', pid, started, argv: [...argv], ...(group !== undefined && {group})},
      tier: enforced.tier,
    },
    enforced,
    ...(wish.foreground ? {running: tenant} : {logFile}),
    async begin() {
      tenant.go();
      if (process.platform !== 'linux') return undefined;
      const what: Say = (t) => t.lease.begins();
      const state = await waitFor(() => hasBegun(pid), {what, deadline: BEGIN, clock, signal});
      // A shell ends with these where the program is missing or cannot be run.
      const code = state === 'ended' ? await tenant.ended : 0;
      if (code !== 126 && code !== 127) return undefined;
      if (group !== undefined) await removeGroup(host, group);
      throw notStarted(argv[0], `exit code ${code}`);
    },
  };
}

const outputOf = ({foreground}: LeaseWish, file: string): Parameters<typeof startGated>[0]['output'] => {
  if (foreground === undefined) return {file};
  return foreground === 'on-stdout' ? 'foreground' : 'foreground-on-stderr';
};

function enforcedBy(made: Awaited<ReturnType<typeof makeGroup>> | undefined): Enforced {
  if (!made) return {tier: 'T0', why: 'card-unproven'};
  return made.made ? {tier: 'cgroup'} : {tier: 'T0', why: 'no-group', detail: made.detail};
}

function tenantName(found: FoundTenant): string {
  switch (found.kind) {
    case 'nobody-yet':
      return '';
    case 'container':
      return found.container.name;
    case 'process':
      return `pid ${found.subject.pid}`;
    case 'docker-run':
      return found.run.image;
    case 'program':
      return found.argv[0];
  }
}
