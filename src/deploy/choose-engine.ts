import type {EngineName, Place} from '../engines/index.ts';

/**
 * The engine that serves where the person named none: on a GPU in a container llama.cpp's own server, which
 * leaves most of the card to others (profile `headroom`); everywhere else the one that needs nothing.
 */
export const chooseEngine = (
  asked: EngineName | undefined,
  {runtime, device}: Pick<Place, 'runtime' | 'device'>,
): EngineName => asked ?? (runtime === 'docker' && device === 'gpu' ? 'llama-cpp' : 'embedded');
