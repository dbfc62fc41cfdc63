import type {Clock} from '../../base/clock.ts';
import {BerthError, ExitCode} from '../../base/errors.ts';
import type {Asking} from '../asking.ts';
import type {HostDocker} from '../docker/host-docker.ts';
import type {Host} from '../host.ts';
import type {HostRecord} from '../registry.ts';
import {SshConnection} from './connection.ts';
import {addCommand} from './add-command.ts';
import {remoteAccount} from './remote-account.ts';
import {readRemoteFacts, remoteCacheRoot, remoteStateRoot} from './remote-facts.ts';
import {remoteLargeFile} from './remote-large-file.ts';
import {readRemoteLogs} from './remote-logs.ts';
import {findRemotePortHolder} from './remote-ports.ts';
import {remoteDocker, type DockerWay} from './remote-docker.ts';
import {findRoute} from './route.ts';
import {sftpFiles} from './sftp-files.ts';
import {readSshConfig} from './ssh-config.ts';
import {endpoint, parseTarget} from './target.ts';
import {readKnownHosts, type TrustedHop} from './trust.ts';
import {openForward} from '../forward.ts';

export interface SshHostOptions {
  record: HostRecord;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  asking: Asking;
}

/** What can be told of the way to a host. */
export interface SshReport {
  /** `10.0.0.7:22`. */
  endpoint: string;
  user: string;
  /** The file or the agent's key that has opened the door. */
  loginKey: string | undefined;
  hostKey: string | undefined;
  /** How often this process has logged in there. */
  handshakes: number;
  /** One question and its answer, in milliseconds. */
  latencyMs: number;
  /** How Docker is reached; undefined before `connectDocker`. */
  dockerWay: DockerWay | undefined;
}

export interface SshHost extends Host {
  readonly kind: 'ssh';
  report(): Promise<SshReport>;
}

/** A machine over SSH. It is connected when this resolves: what is wrong with the way shows here. */
export async function openSshHost(options: SshHostOptions): Promise<SshHost> {
  const {record, env, clock, asking} = options;
  const {name} = record;
  const route = await trustedRoute(record, env);
  const connection = new SshConnection({
    host: name,
    route,
    env,
    clock,
    askPassphrase: (path) => asking.secret((t) => t.ssh.passphraseQuestion({path})),
    repair: (hop, shown) => addCommand(record, endpoint(hop.address, hop.port), shown.fingerprint),
  });
  try {
    await connection.connect();
    const facts = await readRemoteFacts(connection, name);
    const docker = remoteDocker(connection, name, facts);
    const {hostname, platform, os, arch, user} = facts;
    const files = sftpFiles(connection);
    const last = route.at(-1) ?? route[0];
    const stateRoot = remoteStateRoot(facts);
    const portHolder: Host['portHolder'] = (address, port) => findRemotePortHolder(connection, address, port);
    let opened: Promise<HostDocker> | undefined;
    const openContainers = async (): Promise<HostDocker> => {
      const {openHostDocker} = await import('../docker/host-docker.ts');
      const side = openHostDocker({
        connect: () => docker.connect(),
        stateRoot,
        clock,
        portHolder,
        files,
        account: () => remoteAccount(connection, facts),
        readLogs: (paths, wanted) => readRemoteLogs({...side, files}, paths, wanted),
      });
      return side;
    };
    const containers = (): Promise<HostDocker> => (opened ??= openContainers());
    return {
      name,
      kind: 'ssh',
      stateRoot,
      files,
      facts: () => Promise.resolve({hostname, platform, os, arch, user}),
      portHolder,
      cacheRoot: remoteCacheRoot(facts),
      async runtime(kind) {
        if (kind === 'process') throw processRefused(name);
        return (await containers()).runtime;
      },
      connectDocker: () => docker.connect(),
      largeFile: (path) => remoteLargeFile(connection, path),
      run: (argv, wanted) => connection.exec(argv, wanted),
      runInImage: async (program) => (await containers()).runInImage(program),
      tunnel: (port, own) => openForward(() => connection.openTcp('127.0.0.1', port), own),
      async report() {
        await files.list('/');
        const started = clock.elapsed();
        await connection.withSftp(
          (sftp) =>
            new Promise<void>((resolve, reject) =>
              sftp.realpath('.', (error) => (error ? reject(error) : resolve())),
            ),
          'again',
        );
        return {
          latencyMs: clock.elapsed() - started,
          endpoint: endpoint(last.address, last.port),
          user: last.user,
          loginKey: connection.loginKey,
          hostKey: connection.hostKey?.fingerprint,
          handshakes: connection.handshakes,
          dockerWay: docker.way,
        };
      },
      async [Symbol.asyncDispose]() {
        (await opened?.catch(() => undefined))?.[Symbol.dispose]();
        await connection[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

async function trustedRoute(
  record: HostRecord,
  env: NodeJS.ProcessEnv,
): Promise<[...TrustedHop[], TrustedHop]> {
  const hops = findRoute(parseTarget(record.target), await readSshConfig(env), env, record.identity);
  const trusted = await Promise.all(
    hops.map(async (hop, index): Promise<TrustedHop> => {
      const pinned = record.hostKeys[endpoint(hop.address, hop.port)] ?? [];
      const jump = index < hops.length - 1;
      // ssh's configuration may have got another way since; what ssh itself trusts may carry us on.
      const known = pinned.length === 0 && jump ? (await readKnownHosts(hop)).trusted : pinned;
      return {...hop, known};
    }),
  );
  return trusted as [...TrustedHop[], TrustedHop];
}

const processRefused = (host: string): BerthError =>
  new BerthError({
    code: 'runtime_unavailable',
    what: (t) => t.ssh.processRuntime({host}),
    try: [`berth deploy --host ${host} --runtime docker`],
    exit: ExitCode.usage,
    details: {host},
  });
