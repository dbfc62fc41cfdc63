/** Generated seconds of a host, from a seed: a model under traffic, and neighbours that may or may not disturb it. */
import type {Neighbour, Observation} from '../../../../src/capacity/guard/observation.ts';

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** When a neighbour works, how much, and what that does to the model's time per token. */
export interface Actor {
  key: string;
  kind: Neighbour['kind'];
  cores: (second: number) => number;
  slowdown: (second: number) => number;
}

interface World {
  seed: number;
  seconds: number;
  actors: readonly Actor[];
  /** Streams in a second; by day and night when left out. */
  streams?: (second: number) => number;
  /** Milliseconds a token alone with one stream. */
  paceMs?: number;
  /** Standard deviation of a second's noise, as a share. */
  noise?: number;
  /** Seconds after which the sampler knows what a neighbour does. */
  lag?: number;
}

const DAY = 86_400;

/**
 * Noise as it is: correlated from second to second, with outliers (a collection, a disk), bursts of long prompts that
 * stall everybody for some seconds, a pace that drifts with heat and with the length of the contexts.
 */
export function* seconds(world: World): Generator<Observation> {
  const {seed, actors, paceMs = 20, noise = 0.1, lag = 3} = world;
  const random = randomFrom(seed);
  const startMs = Date.UTC(2026, 10, 2);
  let wobble = 0;
  let burstUntil = 0;
  let burst = 1;
  let wanted = 0;
  for (let second = 0; second < world.seconds; second++) {
    const byDay = 3 + 2.5 * Math.sin((2 * Math.PI * second) / DAY - 2);
    // Chats come and go within tens of seconds.
    if (random() < 0.1) wanted = Math.max(0, Math.round(byDay + 1.5 * gaussian(random)));
    const streams = world.streams?.(second) ?? wanted;
    wobble = 0.6 * wobble + noise * 0.8 * gaussian(random);
    if (second >= burstUntil && random() < 1 / 300) {
      burstUntil = second + 1 + Math.floor(5 * random());
      burst = 1.5 + 3 * random();
    }
    const drift = 1 + 0.1 * Math.sin(second / 5000) + 0.05 * Math.sin(second / 700);
    const outlier = random() < 0.01 ? 2 + 4 * random() : 1;
    const stalled = second < burstUntil ? burst : 1;
    const disturbed = actors.reduce((product, actor) => product * actor.slowdown(second), 1);
    const interTokenMs =
      paceMs * (1 + 0.12 * (streams - 1)) * drift * Math.exp(wobble) * outlier * stalled * disturbed;
    yield {
      atMs: startMs + second * 1000,
      model: {streams, reading: false, interTokenMs: streams > 0 ? interTokenMs : undefined},
      neighbours: actors.map(({key, kind, cores}) => ({
        key,
        name: key,
        kind,
        // Processes are read every five seconds.
        cores: cores(Math.max(0, Math.floor((second - (lag % 5)) / 5) * 5)),
        usedBytes: 1e9,
        sinceMs: undefined,
      })),
      restCores: 0.03 + 0.03 * random(),
      breaches: [],
    };
  }
}

/** Works in `[from, to)` with `cores`, and makes the model that many times slower. */
export const burner = (from: number, to: number, slowdown = 2, key = 'lease:burner', cores = 2): Actor => ({
  key,
  kind: 'lease',
  cores: (second) => (second >= from && second < to ? cores : 0),
  slowdown: (second) => (second >= from && second < to ? slowdown : 1),
});
