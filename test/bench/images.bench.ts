import {silent} from '../../src/base/progress.ts';
import {openDocker} from '../../src/hosts/docker/docker.ts';
import {openImages} from '../../src/hosts/index.ts';
import {sendImage} from '../../src/images/index.ts';
import {temporaryFolder} from '../support/temporary.ts';
import {sshHost} from '../support/ssh.ts';
import {builtHere, CACHE, localHost, localImages} from '../integration/images/world.ts';
import {openRig} from '../rig/rig.ts';
import {quantile, type Bench, type Figure} from './harness.ts';

const CALLS = 100;
const ROUNDS = 5;

/** The image `berth` sent to a rig host, and calls of a Docker API over SSH beside calls over the local socket. */
const images: Bench = {
  name: 'images',
  async run(signal) {
    await using rig = await openRig({hosts: 1});
    const [host] = rig.hosts;
    await using home = await temporaryFolder();
    await using ssh = await sshHost(host, 'ops', home.path);
    const connect: Connect = () => ssh.connectDocker();
    return [...(await sending(connect)), ...(await calling(connect, signal))];
  },
};
export default images;

type Connect = Parameters<typeof openDocker>[0];

async function sending(connect: Connect): Promise<Figure[]> {
  const {reference} = await builtHere('berth');
  using from = await localImages();
  using to = await openImages(connect);
  await to.remove(reference);
  const send = async (): Promise<{ms: number; movedLayers: number; movedBytes: number}> => {
    const started = performance.now();
    const sent = await sendImage({reference, from, to, cache: CACHE, progress: silent});
    return {ms: performance.now() - started, ...sent};
  };
  const whole = await send();
  const again = await send();
  const conditions = 'image berth on the rig, over SSH, same machine at both ends';
  return [
    {
      name: 'send, absent',
      value: whole.ms,
      unit: 'ms',
      conditions: `${conditions}; ${whole.movedLayers} layers`,
    },
    {name: 'send, bytes moved', value: whole.movedBytes / 1e6, unit: 'MB', conditions},
    {name: 'send, unchanged', value: again.ms, unit: 'ms', goal: {atMost: 2000}, conditions},
    {
      name: 'send, unchanged: layers',
      value: again.movedLayers,
      unit: 'layers',
      goal: {atMost: 0},
      conditions,
    },
  ];
}

async function calling(connect: Connect, signal: AbortSignal): Promise<Figure[]> {
  using far = openDocker(connect);
  using near = openDocker(() => localHost().connectDocker());
  const time = async (docker: typeof far): Promise<number> => {
    const started = performance.now();
    for (let call = 0; call < CALLS; call++) await docker.version();
    return performance.now() - started;
  };
  await Promise.all([time(far), time(near)]);
  const taken: {far: number[]; near: number[]} = {far: [], near: []};
  for (let round = 0; round < ROUNDS; round++) {
    signal.throwIfAborted();
    taken.near.push(await time(near));
    taken.far.push(await time(far));
  }
  const [nearMs, farMs] = [quantile(taken.near, 0.5), quantile(taken.far, 0.5)];
  const conditions = `${CALLS} calls of /version one after the other, median of ${ROUNDS}, in turns; rig host`;
  return [
    {name: `${CALLS} API calls, socket`, value: nearMs, unit: 'ms', conditions},
    {name: `${CALLS} API calls, SSH`, value: farMs, unit: 'ms', conditions},
    {name: 'API calls, SSH / socket', value: farMs / nearMs, unit: 'ratio', goal: {atMost: 3}, conditions},
  ];
}
