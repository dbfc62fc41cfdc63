import {access, constants} from 'node:fs/promises';
import {connect, type NetConnectOpts} from 'node:net';
import {once} from 'node:events';
import {delimiter, join} from 'node:path';
import type {Duplex} from 'node:stream';
import {BerthError, ExitCode, systemCode} from '../../base/errors.ts';
import {dockerProblem} from '../docker/problems.ts';

/** Where an API of Docker may listen on this machine. */
export type DockerAddress = {path: string} | {host: string; port: number};

/**
 * Where to look for this machine's Docker, in this order: DOCKER_HOST alone when it is set, else the places
 * where Docker, a rootless Docker and the desktop versions listen.
 * Source: docs.docker.com/engine/security/rootless, Docker Desktop's notes on sockets.
 */
export function dockerAddresses(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): DockerAddress[] {
  const told = env.DOCKER_HOST;
  if (told !== undefined && told !== '') return [parseDockerHost(told)];
  if (platform === 'win32') return [{path: '\\\\.\\pipe\\docker_engine'}];
  const rootless = env.XDG_RUNTIME_DIR;
  const home = env.HOME;
  return [
    {path: '/var/run/docker.sock'},
    ...(rootless === undefined ? [] : [{path: join(rootless, 'docker.sock')}]),
    ...(home === undefined ? [] : [{path: join(home, '.docker/run/docker.sock')}]),
  ];
}

function parseDockerHost(told: string): DockerAddress {
  const [, scheme, rest = ''] = /^(unix|npipe|tcp|http):\/\/(.+)$/.exec(told) ?? [];
  if (scheme === 'unix') return {path: rest};
  if (scheme === 'npipe') return {path: rest.replaceAll('/', '\\')};
  const url = scheme === undefined ? undefined : URL.parse(`http://${rest}`);
  if (url) return {host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 2375)};
  throw new BerthError({
    code: 'docker_host_unusable',
    what: (t) => t.hosts.dockerHostUnusable({value: told}),
    why: (t) => t.hosts.dockerHostUnusableWhy(),
    try: told.startsWith('ssh://') ? [`berth host add NAME ${told}`] : ['unset DOCKER_HOST'],
    exit: ExitCode.usage,
    details: {value: told},
  });
}

/** A stream to this machine's Docker; see `Host.connectDocker`. */
export async function connectLocalDocker(env: NodeJS.ProcessEnv, user: string): Promise<Duplex> {
  const failures: unknown[] = [];
  for (const address of dockerAddresses(env, process.platform)) {
    try {
      return await open(address);
    } catch (error) {
      failures.push(error);
    }
  }
  const seen = new Set(failures.map(systemCode));
  const evidence = {cause: failures[0]};
  if (seen.has('EACCES') || seen.has('EPERM'))
    throw dockerProblem({kind: 'forbidden', user}, 'local', evidence);
  const installed = !seen.has('ENOENT') || seen.size > 1 || (await onPath('docker', env));
  throw dockerProblem({kind: installed ? 'not-running' : 'missing'}, 'local', evidence);
}

async function open(address: NetConnectOpts & DockerAddress): Promise<Duplex> {
  const socket = connect({...address, noDelay: true});
  await once(socket, 'connect');
  return socket;
}

async function onPath(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const names = process.platform === 'win32' ? [`${program}.exe`] : [program];
  const files = (env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  const found = await Promise.all(
    files.map((file) =>
      access(file, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
