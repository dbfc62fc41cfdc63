/**
 * Real hosts on one machine: containers with sshd, users, keys, a disk and a Docker engine of their own.
 *
 *     describe.skipIf(await needsDocker())('...', () => {
 *       let rig: Rig;
 *       beforeAll(async () => (rig = await openRig({hosts: 1})), RIG_START_MS);
 *       afterAll(() => rig[Symbol.asyncDispose]());
 *       // rig.hosts[0].address, .port, .keyFile, .hostKeyFingerprint(), .exec([...]), .cutNetwork(), ...
 *
 * Or, inside one test, `await using rig = await openRig({hosts: 2})`. Hosts are started once a run and cleaned
 * between files; whoever opens the rig has it alone. What a killed run leaves is removed at the next start.
 */
import {docker, run} from './docker.ts';
import {RigHost} from './host.ts';
import {rigImages, type RigImages} from './image.ts';
import {rigKeys, type RigKeys} from './keys.ts';
import {holdRig} from './lock.ts';
import {label, prefix, type Owner} from './names.ts';
import {sweep} from './sweep.ts';

export {needsDocker} from './needs-docker.ts';
export type {RigHost} from './host.ts';

/** A first start builds the images from Debian packages. */
export const RIG_START_MS = 900_000;

const DISK_BYTES = 6 * 1024 ** 3;
/** What a Docker engine inside a container needs where `--privileged` is refused; see docs/rig.md. */
const LIKE_A_MACHINE = [
  ...['SYS_ADMIN', 'NET_ADMIN', 'SYS_PTRACE', 'MKNOD', 'SYSLOG'].flatMap((capability) => [
    '--cap-add',
    capability,
  ]),
  ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
  ...[
    '--device-cgroup-rule',
    'a *:* rwm',
    '--cgroupns',
    'host',
    '--volume',
    '/sys/fs/cgroup:/sys/fs/cgroup:rw',
  ],
  ...['--tmpfs', '/run:exec,mode=755', '--volume', '/disk', '--restart', 'unless-stopped'],
];

export interface RigOptions {
  hosts: 1 | 2;
  /** `tests` when left out. */
  owner?: Owner;
  /** Hears what takes long. */
  say?: (line: string) => void;
}

export interface Rig extends AsyncDisposable {
  readonly hosts: readonly [RigHost, ...RigHost[]];
}

/** Opens the rig, starting or cleaning its hosts, and holds it until it is disposed. */
export async function openRig(options: RigOptions): Promise<Rig> {
  const {owner = 'tests', say} = options;
  const lock = await holdRig(owner);
  try {
    if (owner === 'tests') await sweep('of ended runs');
    const images = await rigImages(say);
    const keys = await rigKeys();
    const subnet = await network(owner);
    const names = options.hosts === 1 ? (['rig1'] as const) : (['rig1', 'rig2'] as const);
    const [first, ...rest] = await Promise.all(
      names.map((name, index) => host({name, index, owner, images, keys, subnet})),
    );
    if (!first) throw new Error('a rig has at least one host');
    return {hosts: [first, ...rest], [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]()};
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** Who removes the hosts: the test run that started them, by its process, or nobody but `npm run rig -- down`. */
function ownerLabel(owner: Owner): string {
  return `dev.berth.rig.owner=${owner === 'person' ? 'person' : (process.env.BERTH_RIG_RUN ?? String(process.pid))}`;
}

/** The first three numbers of the owner's network, made when it is not there. Hosts cannot reach the internet. */
async function network(owner: Owner): Promise<string> {
  const name = prefix(owner);
  const format = '{{(index .IPAM.Config 0).Subnet}}';
  const found = await run(['docker', 'network', 'inspect', '--format', format, name]);
  if (found.code === 0) return found.stdout.split('.').slice(0, 3).join('.');
  let why = '';
  for (let third = 40; third < 60; third++) {
    const subnet = `10.233.${third}`;
    const argv = [
      'network',
      'create',
      '--internal',
      '--subnet',
      `${subnet}.0/24`,
      '--label',
      label,
      '--label',
      ownerLabel(owner),
    ];
    const made = await run(['docker', ...argv, name]);
    if (made.code === 0) return subnet;
    why = made.stderr;
  }
  throw new Error(`no network for the rig: ${why}`);
}

interface HostOptions {
  name: string;
  index: number;
  owner: Owner;
  images: RigImages;
  keys: RigKeys;
  subnet: string;
}

async function host(options: HostOptions): Promise<RigHost> {
  const {name, index, owner, images, keys, subnet} = options;
  const container = `${prefix(owner)}-${name}`;
  const address = `${subnet}.${11 + index}`;
  const found = await run([
    'docker',
    'inspect',
    '--format',
    '{{.Config.Image}} {{.State.Running}}',
    container,
  ]);
  const reused = found.code === 0 && found.stdout.trim() === `${images.host} true`;
  if (!reused) {
    if (found.code === 0) await docker(['rm', '--force', '--volumes', container]);
    await docker([
      ...[
        'run',
        '--detach',
        '--name',
        container,
        '--hostname',
        name,
        '--network',
        prefix(owner),
        '--ip',
        address,
      ],
      ...['--label', label, '--label', ownerLabel(owner), '--env', `RIG_NAME=${container}`],
      ...[
        '--env',
        `RIG_DISK_BYTES=${DISK_BYTES}`,
        '--volume',
        `${keys.folder}:/rig/keys:ro`,
        ...LIKE_A_MACHINE,
        images.host,
      ],
    ]);
  }
  const machine = new RigHost({name, address, container, keys, baseImage: images.base});
  if (reused && owner === 'tests') await machine.restore();
  await machine.ready();
  return machine;
}
