/** The world of the docker runtime on another machine: a host of the rig, over SSH. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {silent} from '../../../src/base/progress.ts';
import {openImages, openLocalHost, type Tunnel} from '../../../src/hosts/index.ts';
import {systemClock} from '../../../src/base/clock.ts';
import {sendImage} from '../../../src/images/index.ts';
import type {RigHost} from '../../rig/host.ts';
import {sshHost} from '../../support/ssh.ts';
import {temporaryFolder} from '../../support/temporary.ts';
import {containerPids, FAKE_FOLDERS, inContainers} from './docker-world.ts';
import {worldOn, type World} from './world.ts';

const SHARED = '/tmp/berth-shared';
/** Prints its process id once it listens. */
const LISTEN = `use IO::Socket::INET; $| = 1;
my $kept = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 1) or die "$!"; print "$$\n"; sleep 600;`;

/** Puts on the host what the worlds there need: the image, and the fakes under the path that they have here. */
export async function prepareSshHost(host: RigHost, image: string): Promise<void> {
  await using home = await temporaryFolder();
  await using there = await sshHost(host, 'ops', home.path);
  await using here = openLocalHost({stateRoot: home.path, clock: systemClock, env: process.env});
  using from = await openImages(() => here.connectDocker());
  using to = await openImages(() => there.connectDocker());
  await sendImage({reference: image, from, to, cache: home.path, progress: silent});
  const tar = spawn('tar', ['c', '-C', '/', ...FAKE_FOLDERS.map((path) => path.slice(1))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await host.must(['tar', 'x', '-C', '/'], {input: tar.stdout});
}

export async function sshWorld(rigHost: RigHost, image: string): Promise<World> {
  const opened = new AsyncDisposableStack();
  const home = opened.use(await temporaryFolder());
  // Engines run as nobody, who must be able to look for the flag.
  await rigHost.must(['install', '-d', '-o', 'ops', '-m', '755', SHARED]);
  const host = await sshHost(rigHost, 'ops', home.path);
  const tunnels = new Map<string, Promise<Tunnel>>();
  return await worldOn({
    host,
    kind: 'docker',
    place: inContainers(image, SHARED),
    flag: `${SHARED}/flag`,
    async kill(pid) {
      await rigHost.must(['kill', '-9', String(pid)]);
    },
    marked: () => containerPids((argv) => rigHost.must(['docker', ...argv])),
    async reach(url) {
      const {port} = new URL(url);
      const tunnel = tunnels.get(port) ?? host.tunnel(Number(port)).then((way) => opened.use(way));
      tunnels.set(port, tunnel);
      return (await tunnel).origin;
    },
    async holdPort(port) {
      const argv = ['exec', '--user', 'ops', rigHost.container, 'perl', '-e', LISTEN, String(port)];
      const child = spawn('docker', argv, {stdio: ['ignore', 'pipe', 'inherit']});
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
      return {
        pid: Number(line),
        async [Symbol.asyncDispose]() {
          await rigHost.must(['kill', '-9', line]);
        },
      };
    },
    async cleanUp() {
      await opened[Symbol.asyncDispose]();
      await rigHost.must(['rm', '-rf', SHARED, host.stateRoot]);
    },
  });
}
