/** The world of a runtime whose programs are containers, on this machine's own Docker. */
import {chmod, mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {systemClock} from '../../../src/base/clock.ts';
import {openLocalHost} from '../../../src/hosts/index.ts';
import {docker} from '../../rig/docker.ts';
import {DEPLOYMENT, thisMachine, worldOn, type Place, type World} from './world.ts';

/** What the fakes are made of. */
export const FAKE_FOLDERS = ['../../fakes/program', '../../../src/base'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** How the fakes run in containers of this image; `shared` is a folder that they see too. */
export const inContainers = (image: string, shared: string): Place => ({
  node: '/opt/berth/bin/node',
  container: {image, mounts: [...FAKE_FOLDERS, shared].map((path) => ({path, readOnly: true}))},
});

export async function dockerWorld(image: string): Promise<World> {
  const stateRoot = await mkdtemp(join(tmpdir(), 'berth-docker-'));
  // Engines run as nobody, who must be able to look for the flag.
  const shared = await mkdtemp(join(tmpdir(), 'berth-shared-'));
  await chmod(shared, 0o755);
  return await worldOn({
    host: openLocalHost({stateRoot, clock: systemClock, env: process.env}),
    kind: 'docker',
    place: inContainers(image, shared),
    flag: join(shared, 'flag'),
    ...thisMachine,
    marked: () => containerPids(docker),
    async cleanUp() {
      await rm(stateRoot, {recursive: true, force: true});
      await rm(shared, {recursive: true, force: true});
    },
  });
}

/** Read by Docker's own command, so that the test does not believe the code it tests. */
export async function containerPids(ask: (argv: readonly string[]) => Promise<string>): Promise<number[]> {
  const filter = ['--filter', `label=dev.berth.deployment=${DEPLOYMENT}`];
  const listed = await ask(['ps', ...filter, '--format', '{{.ID}} {{.Label "dev.berth.role"}}']);
  const ids = listed.split('\n').flatMap((line) => {
    const [id = '', role] = line.split(' ');
    return id !== '' && role !== 'watch' ? [id] : [];
  });
  const tops = await Promise.all(ids.map((id) => ask(['top', id, '-eo', 'pid'])));
  return tops.flatMap((text) =>
    text
      .split('\n')
      .slice(1)
      .map(Number)
      .filter((pid) => pid > 0),
  );
}
