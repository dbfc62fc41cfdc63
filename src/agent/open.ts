import {posix} from 'node:path';
import type {Clock} from '../base/clock.ts';
import {imageProgram} from '../base/program.ts';
import type {Device} from '../card/index.ts';
import type {Host, ImageProgram} from '../hosts/index.ts';
import type {HostWeights} from '../models/index.ts';
import {Agent, type AgentImage} from './agent.ts';
import {cardsThere, remoteDevice, runOn, type CardsThere} from './remote-device.ts';
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
  /** Reference on the host of an image of Berth that is there; undefined when none is. */
  presentImage: () => Promise<string | undefined>;
  /** Sees to it that the very image of this Berth is on the host; its reference there. */
  exactImage: () => Promise<string>;
  env: NodeJS.ProcessEnv;
  clock: Clock;
}

/**
 * Device and weights of another host, asked through agents that are started when they are first needed and end
 * with the connection to that host.
 */
export interface Agents {
  device(card: string | undefined): Device;
  weights: HostWeights;
  /**
   * Starts those that there are, together, where an image for them is there already: a start takes longer than most
   * answers. Resolves when each has started, or failed to, which is told to who asks it.
   */
  begin(): Promise<void>;
}

export function openAgents({host, presentImage, exactImage, env, clock}: AgentsOptions): Agents {
  const folder = posix.join(host.cacheRoot, 'weights');
  const run = runOn(host);
  const image = async (which: AgentImage): Promise<string> =>
    (which === 'present' ? await presentImage() : undefined) ?? (await exactImage());
  const all: Agent[] = [];
  const agent = (purpose: Purpose, program: () => Promise<Omit<ImageProgram, 'image' | 'argv'>>): Agent => {
    const made = new Agent(host.name, purpose, async (which) =>
      host.runInImage({
        ...(await program()),
        image: await image(which),
        argv: imageProgram('agent/main'),
      }),
    );
    all.push(made);
    return made;
  };
  const fetching = agent({purpose: 'weights', folder, env: hubSettings(env)}, () =>
    Promise.resolve({as: 'owner', network: true, mounts: [{path: folder, readOnly: false}], gpus: false}),
  );
  const observing = (card: string | undefined, cards: () => Promise<CardsThere>): Agent =>
    agent({purpose: 'device', ...(card !== undefined && {card})}, async () => ({
      as: 'observer',
      network: false,
      mounts: [],
      gpus: (await cards()).wanted,
    }));
  return {
    device(card) {
      const cards = cardsThere(run, card);
      return remoteDevice({agent: observing(card, cards), run, clock, card, cards});
    },
    weights: remoteWeights(fetching, host.name),
    async begin() {
      if ((await presentImage()) === undefined) return;
      await Promise.all(all.map((one) => one.begin()));
    },
  };
}

const hubSettings = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    HUB_SETTINGS.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])),
  );
