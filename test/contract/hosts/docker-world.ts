/** The world of a runtime whose programs are containers, on this machine's own Docker. */
import {chmod, mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {systemClock} from '../../../src/base/clock.ts';
import {openLocalHost} from '../../../src/hosts/index.ts';
import {docker} from '../../rig/docker.ts';
import {DEPLOYMENT, worldOn, type World} from './world.ts';

const FAKES = fileURLToPath(new URL('../../fakes/program', import.meta.url));
const BASE = fileURLToPath(new URL('../../../src/base', import.meta.url));

export async function dockerWorld(image: string): Promise<World> {
  const stateRoot = await mkdtemp(join(tmpdir(), 'berth-docker-'));
  // Engines run as nobody, who must be able to look for the flag.
  const shared = await mkdtemp(join(tmpdir(), 'berth-shared-'));
  await chmod(shared, 0o755);
  const mounts = [FAKES, BASE, shared].map((path) => ({path, readOnly: true}));
  return await worldOn({
    host: openLocalHost({stateRoot, clock: systemClock, env: process.env}),
    kind: 'docker',
    place: {node: '/opt/berth/bin/node', container: {image, mounts}},
    flag: join(shared, 'flag'),
    kill: (pid) => Promise.resolve(void process.kill(pid, 'SIGKILL')),
    marked: () => containerPids(),
    async cleanUp() {
      await rm(stateRoot, {recursive: true, force: true});
      await rm(shared, {recursive: true, force: true});
    },
  });
}

/** Read by Docker's own command, so that the test does not believe the code it tests. */
async function containerPids(): Promise<number[]> {
  const filter = ['--filter', `label=dev.berth.deployment=${DEPLOYMENT}`];
  const listed = await docker(['ps', ...filter, '--format', '{{.ID}} {{.Label "dev.berth.role"}}']);
  const ids = listed.split('\n').flatMap((line) => {
    const [id = '', role] = line.split(' ');
    return id !== '' && role !== 'watch' ? [id] : [];
  });
  const tops = await Promise.all(ids.map((id) => docker(['top', id, '-eo', 'pid'])));
  return tops.flatMap((text) =>
    text
      .split('\n')
      .slice(1)
      .map(Number)
      .filter((pid) => pid > 0),
  );
}
