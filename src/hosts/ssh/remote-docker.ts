import type {Duplex} from 'node:stream';
import {BerthError} from '../../base/errors.ts';
import {seconds, type Duration} from '../../base/units.ts';
import {dockerProblem, type DockerProblem} from '../docker/problems.ts';
import type {Argv, SshConnection} from './connection.ts';
import {programFailed, programTooSlow} from './problems.ts';
import type {RemoteFacts} from './remote-facts.ts';

/** How the API of a host's Docker is reached. */
export type DockerWay = 'socket' | 'dial-stdio' | 'sudo-dial-stdio';

export interface RemoteDocker {
  /** A fresh stream to the API. */
  connect(): Promise<Duplex>;
  /** What works on this host, once something has. */
  readonly way: DockerWay | undefined;
}

const DIAL: Argv = ['docker', 'system', 'dial-stdio'];
const SUDO_DIAL: Argv = ['sudo', '-n', ...DIAL];
const PING_DEADLINE: Duration = seconds(15);
const SOCKET = '/var/run/docker.sock';

/**
 * The Docker of a host, over channels of its SSH connection. What works is found out once: the forwarded socket
 * costs least, `docker system dial-stdio` also works where forwarding is off or a context says where Docker is,
 * and sudo where the user is not in the group docker.
 */
export function remoteDocker(connection: SshConnection, host: string, facts: RemoteFacts): RemoteDocker {
  const socket = socketOf(facts.dockerHost);
  const openers: Readonly<Record<DockerWay, () => Promise<Duplex>>> = {
    socket: () => connection.openUnixSocket(socket ?? SOCKET),
    'dial-stdio': () => proven(connection, host, DIAL),
    'sudo-dial-stdio': () => proven(connection, host, SUDO_DIAL),
  };
  const ways: readonly DockerWay[] =
    socket === undefined ? ['dial-stdio', 'sudo-dial-stdio'] : ['socket', 'dial-stdio', 'sudo-dial-stdio'];
  let found: DockerWay | undefined;
  return {
    get way() {
      return found;
    },
    async connect() {
      // What has worked comes first; when it does not any more (Docker was stopped, rights have changed), all do.
      const known = found;
      const lines: string[] = [];
      for (const way of known === undefined ? ways : [known, ...ways.filter((other) => other !== known)]) {
        try {
          const stream = await openers[way]();
          found = way;
          return stream;
        } catch (error) {
          if (!isRefused(error)) throw error;
          lines.push(...error.lastLines);
        }
      }
      throw dockerProblem(await diagnose(connection, socket ?? SOCKET, facts), host, {lines});
    },
  };
}

/** The path of a socket, where DOCKER_HOST on the host says nothing else. */
export function socketOf(dockerHost: string | undefined): string | undefined {
  if (dockerHost === undefined) return SOCKET;
  return dockerHost.startsWith('unix://') ? dockerHost.slice('unix://'.length) : undefined;
}

/** Refused by the host, not lost on the way: another way may do. */
const isRefused = (error: unknown): error is BerthError =>
  error instanceof BerthError &&
  (error.code === 'ssh_channel_refused' || error.code === 'ssh_program_failed');

/**
 * A program starts even where it cannot reach Docker, so one question is asked before the stream is given away. It
 * fails with what the program has written when that ends before an answer.
 */
async function proven(connection: SshConnection, host: string, argv: Argv): Promise<Duplex> {
  const stream = await connection.openProgram(argv);
  const {promise, resolve, reject} = Promise.withResolvers<undefined>();
  const late = (): void => reject(programTooSlow(host, argv.join(' '), PING_DEADLINE));
  const closed = (): void => reject(programFailed(host, argv.join(' '), {code: 0, stderr: ''}));
  let answer = '';
  // Reading this way leaves the stream as if nobody had read from it.
  const read = (): void => {
    answer += String(stream.read() ?? '');
    // The answer to HEAD ends with its headers.
    if (answer.endsWith('\r\n\r\n')) resolve(undefined);
  };
  const tooLate = setTimeout(late, PING_DEADLINE);
  stream.on('readable', read).once('error', reject).once('close', closed);
  stream.write('HEAD /_ping HTTP/1.1\r\nHost: docker\r\n\r\n');
  try {
    await promise;
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    clearTimeout(tooLate);
    stream.off('readable', read).off('close', closed);
    // Whoever gets the stream hears of its failure; nobody need hear of it in between.
    stream.once('error', () => undefined).off('error', reject);
  }
}

/** Prints a word for each thing that is so: is there a docker command, may the user open the socket, or use sudo? */
const DIAGNOSIS = `
command -v docker >/dev/null 2>&1 && echo installed
if [ -S "$1" ]; then if [ -w "$1" ]; then echo socket-open; else echo socket-closed; fi; fi
sudo -n true >/dev/null 2>&1 && echo sudo
exit 0
`;

async function diagnose(
  connection: SshConnection,
  socket: string,
  {user}: RemoteFacts,
): Promise<DockerProblem> {
  const {stdout} = await connection.exec(['sh', '-c', DIAGNOSIS, 'sh', socket]);
  return judge(new Set(stdout.split('\n')), user);
}

/** What the words of the diagnosis mean together. */
export function judge(words: ReadonlySet<string>, user: string): DockerProblem {
  if (words.has('socket-closed') && !words.has('sudo')) return {kind: 'forbidden', user};
  const present = ['installed', 'socket-open', 'socket-closed'].some((word) => words.has(word));
  return present ? {kind: 'not-running'} : {kind: 'missing'};
}
