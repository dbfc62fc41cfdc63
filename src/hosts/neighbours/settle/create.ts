import {BerthError} from '../../../base/errors.ts';
import {minutes} from '../../../base/units.ts';
import {dockerProblem} from '../../docker/problems.ts';
import type {Host, RanThere} from '../../host.ts';
import {LEASE_LABEL} from './containers.ts';
import type {DockerRun} from './docker-run.ts';

/** Its image may have to be pulled first. */
const DEADLINE = minutes(30);

/**
 * Makes a container as the docker command of the host understands it, and does not start it. Its id.
 * @throws BerthError `docker_missing`, or `container_not_made` with what Docker said.
 */
export async function createTenant(
  host: Pick<Host, 'name' | 'kind' | 'run'>,
  {flags, image, argv}: DockerRun,
  lease: string,
  signal: AbortSignal,
): Promise<string> {
  const create = [
    'docker',
    'create',
    '--label',
    `${LEASE_LABEL}=${lease}`,
    ...flags,
    image,
    ...argv,
  ] as const;
  const options = {deadline: DEADLINE, signal};
  let ran = await host.run([...create], options);
  if (host.kind === 'ssh' && ran.code !== 0 && /permission denied/i.test(ran.stderr)) {
    ran = await host.run(['sudo', '-n', ...create], options);
  }
  if (ran.code === 127) throw dockerProblem({kind: 'missing'}, host.name);
  const id = /^[0-9a-f]{64}$/m.exec(ran.stdout)?.[0];
  if (ran.code !== 0 || id === undefined) throw notMade(image, ran);
  return id;
}

const notMade = (image: string, {stderr}: RanThere): BerthError =>
  new BerthError({
    code: 'container_not_made',
    what: (t) => t.hosts.containerNotMade({image}),
    try: [`docker image inspect ${image}`, 'berth doctor'],
    details: {image},
    lastLines: stderr.trim().split('\n').slice(-5),
  });
