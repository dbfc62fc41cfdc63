import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {cp, mkdir, mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {docker, must, run} from './docker.ts';
import {label} from './names.ts';

const SUITE = 'bookworm';
/** Left out of the base: what apt can fetch again, and pages nobody reads here. */
const LEFT_OUT = [
  './var/cache/apt/*',
  './var/lib/apt/lists/*',
  './usr/share/doc/*',
  './usr/share/man/*',
  './usr/share/locale/*',
];
const here = (path: string) => join(import.meta.dirname, path);
const RECIPE = [
  here('host/Dockerfile'),
  here('host/rig-init'),
  here('../fakes/gpu/nvidia-smi'),
  here('../fakes/gpu/dmesg'),
  here('../fakes/gpu/runc'),
  here('../fakes/gpu/gpu-double-driver'),
  here('../fakes/gpu/nvidia-container-runtime-hook'),
];

export interface RigImages {
  /** A minimal Debian with nothing added: what serving images can be built FROM, offline. */
  base: string;
  /** The machine: base, sshd, Docker engine, GPU double. */
  host: string;
}

/** Builds both images once; their tags are hashes of what goes in, so a second call finds them. Minutes, then milliseconds. */
export async function rigImages(say: (line: string) => void = () => undefined): Promise<RigImages> {
  const base = `berth-rig/base:${hash(SUITE, ...LEFT_OUT)}`;
  if (!(await exists(base))) {
    say(`building ${base} from Debian packages (about a minute)`);
    await buildBase(base);
  }
  const host = `berth-rig/host:${hash(base, ...(await Promise.all(RECIPE.map((path) => readFile(path, 'utf8')))))}`;
  if (!(await exists(host))) {
    say(`building ${host} (about a minute)`);
    await buildHost(base, host);
  }
  return {base, host};
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}

async function exists(image: string): Promise<boolean> {
  return (await run(['docker', 'image', 'inspect', image])).code === 0;
}

async function buildBase(tag: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-rig-base-'));
  try {
    const root = join(folder, 'root');
    await mkdir(root);
    const mirror = await debianMirror();
    await must(
      [
        'debootstrap',
        '--variant=minbase',
        '--include=ca-certificates',
        SUITE,
        root,
        ...(mirror ? [mirror] : []),
      ],
      {limitMs: 600_000},
    );
    const tar = spawn('tar', ['-C', root, ...LEFT_OUT.map((path) => `--exclude=${path}`), '-c', '.'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await docker(['import', '--change', 'CMD ["/bin/sh"]', '-', tag], {input: tar.stdout, limitMs: 300_000});
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

/** Where this machine itself gets its Debian packages; debootstrap's own choice when it is no such Debian. */
async function debianMirror(): Promise<string | undefined> {
  const {stdout} = await run([
    'apt-get',
    'indextargets',
    '--format',
    '$(RELEASE) $(SITE)',
    'Created-By: Packages',
    'Origin: Debian',
  ]);
  return stdout
    .split('\n')
    .find((line) => line.startsWith(`${SUITE} `))
    ?.split(' ')[1];
}

async function buildHost(base: string, tag: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-rig-host-'));
  try {
    await cp(here('host'), folder, {recursive: true});
    await cp(here('../fakes/gpu'), join(folder, 'gpu'), {recursive: true});
    const argv = [
      'build',
      '--quiet',
      '--network',
      'host',
      '--build-arg',
      `BASE=${base}`,
      '--label',
      label,
      '--tag',
      tag,
    ];
    await docker([...argv, folder], {limitMs: 600_000});
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}
