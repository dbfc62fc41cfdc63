import {posix} from 'node:path';
import type {Clock} from '../base/clock.ts';
import {imageProgram} from '../base/program.ts';
import type {Device} from '../card/index.ts';
import type {Host, ImageProgram} from '../hosts/index.ts';
import type {WeightsKeeper} from '../models/index.ts';
import {Agent} from './agent.ts';
import {hasCards, remoteDevice, runOn} from './remote-device.ts';
import {remoteWeights} from './remote-weights.ts';
import type {Purpose} from './wire.ts';

/** Settings of hubs that hold for the hosts of this client too. Proxies do not: each machine has its own. */
const HUB_SETTINGS = [
  'HF_ENDPOINT',
  'HF_TOKEN',
  'MODELSCOPE_ENDPOINT',
  'MODELSCOPE_API_TOKEN',
  'BERTH_HF_MIRRORS',
];

export interface AgentsOptions {
  host: Host;
  /** Sees to it that the image of Berth is on the host; its reference there. */
  image: () => Promise<string>;
  env: NodeJS.ProcessEnv;
  clock: Clock;
}

/**
 * Device and weights of another host, asked through agents that are started when they are first needed and end
 * with the connection to that host.
 */
export interface Agents {
  device(card: string | undefined): Device;
  weights: WeightsKeeper;
}

export function openAgents({host, image, env, clock}: AgentsOptions): Agents {
  const folder = posix.join(host.cacheRoot, 'weights');
  const run = runOn(host);
  const agent = (purpose: Purpose, program: () => Promise<Omit<ImageProgram, 'image' | 'argv'>>): Agent =>
    new Agent(host.name, purpose, async () =>
      host.runInImage({
        ...(await program()),
        image: await image(),
        argv: imageProgram('agent/main'),
      }),
    );
  const fetching = agent({purpose: 'weights', folder, env: hubSettings(env)}, () =>
    Promise.resolve({as: 'owner', network: true, mounts: [{path: folder, readOnly: false}], gpus: false}),
  );
  const observing = (card: string | undefined): Agent =>
    agent({purpose: 'device', ...(card !== undefined && {card})}, async () => ({
      as: 'observer',
      network: false,
      mounts: [],
      gpus: card !== 'cpu' && (await hasCards(run)),
    }));
  return {
    device: (card) => remoteDevice({agent: observing(card), run, clock, card}),
    weights: remoteWeights(fetching, host.name),
  };
}

const hubSettings = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    HUB_SETTINGS.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])),
  );
