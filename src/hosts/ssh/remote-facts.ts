import {z} from 'zod';
import {BerthError} from '../../base/errors.ts';
import {posix} from 'node:path';
import type {HostFacts} from '../host.ts';
import type {SshConnection} from './connection.ts';

/** What a host tells of itself at the beginning: more than `HostFacts`, for Berth's own use. */
export interface RemoteFacts extends HostFacts {
  uid: number;
  home: string;
  /** Where this user's programs keep state, when the host says so. */
  stateHome: string | undefined;
  /** Where they keep what can be made again, when the host says so. */
  cacheHome: string | undefined;
  /** What the host's own environment says of Docker. */
  dockerHost: string | undefined;
}

/** One line a fact, `name=value`; values have no line breaks. */
const SCRIPT = `
echo "uid=$(id -u)"
echo "user=$(id -un)"
echo "home=$HOME"
echo "state=$XDG_STATE_HOME"
echo "cache=$XDG_CACHE_HOME"
echo "docker=$DOCKER_HOST"
echo "hostname=$(uname -n)"
echo "system=$(uname -s)"
echo "release=$(uname -r)"
echo "arch=$(uname -m)"
if [ -r /etc/os-release ]; then . /etc/os-release; echo "os=$PRETTY_NAME"; fi
`;

const schema = z.object({
  uid: z.coerce.number().int().nonnegative(),
  user: z.string().min(1),
  home: z.string().startsWith('/'),
  state: z.string(),
  cache: z.string(),
  docker: z.string(),
  hostname: z.string().min(1),
  system: z.string().min(1),
  release: z.string(),
  arch: z.string().min(1),
  os: z.string().min(1).optional(),
});

/** Asks the host in one program. A host whose login shell is no POSIX shell is an error. */
export async function readRemoteFacts(connection: SshConnection, host: string): Promise<RemoteFacts> {
  const {code, stdout, stderr} = await connection.exec(['sh', '-c', SCRIPT]);
  const facts = code === 0 ? parseFacts(stdout) : undefined;
  if (facts) return facts;
  throw new BerthError({
    code: 'ssh_shell_unusable',
    what: (t) => t.ssh.notPosix({host}),
    try: [`berth host check ${host}`],
    details: {host, code},
    lastLines: (stderr || stdout).trimEnd().split('\n').slice(-5),
  });
}

/** Undefined when the text is not what the script prints. */
export function parseFacts(text: string): RemoteFacts | undefined {
  // A login script may print a greeting before.
  const pairs = text.split('\n').flatMap((line) => {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value ?? ''] as const];
  });
  const {success, data} = schema.safeParse(Object.fromEntries(pairs));
  if (!success) return undefined;
  return {
    hostname: data.hostname,
    platform: PLATFORMS[data.system] ?? (data.system.toLowerCase() as NodeJS.Platform),
    os: data.os ?? `${data.system} ${data.release}`,
    arch: ARCHITECTURES[data.arch] ?? data.arch,
    user: data.user,
    uid: data.uid,
    home: data.home,
    stateHome: data.state.startsWith('/') ? data.state : undefined,
    cacheHome: data.cache.startsWith('/') ? data.cache : undefined,
    dockerHost: data.docker || undefined,
  };
}

/** uname's words in Node's. */
const PLATFORMS: Readonly<Record<string, NodeJS.Platform>> = {
  Linux: 'linux',
  Darwin: 'darwin',
  FreeBSD: 'freebsd',
};
const ARCHITECTURES: Readonly<Record<string, string>> = {x86_64: 'x64', aarch64: 'arm64', armv7l: 'arm'};

/** Root's deployments are the machine's; anybody else's are their own. As `chooseFolders` does on this machine. */
export function remoteStateRoot({
  uid,
  home,
  stateHome,
}: Pick<RemoteFacts, 'uid' | 'home' | 'stateHome'>): string {
  if (uid === 0) return '/var/lib/berth';
  return posix.join(stateHome ?? posix.join(home, '.local/state'), 'berth');
}

/** The place beside it for what can be made or fetched again. */
export function remoteCacheRoot({
  uid,
  home,
  cacheHome,
}: Pick<RemoteFacts, 'uid' | 'home' | 'cacheHome'>): string {
  if (uid === 0) return '/var/cache/berth';
  return posix.join(cacheHome ?? posix.join(home, '.cache'), 'berth');
}
