import type {Engine} from '../engine.ts';
import {explainLlamaCpp} from './causes.ts';
import {llamaCppLaunch} from './launch.ts';
import {llamaCppMetrics} from './metrics.ts';
import {programVersion} from './program.ts';

/** The name under which the serving image, and most installations, have it on their PATH. */
const ON_PATH = 'llama-server';

/**
 * llama.cpp's own server: all of a GGUF model on one card, or on the CPU. `program` is where it lies on this
 * machine when it is not on the PATH; in a container the image's own is run.
 */
export function llamaCppEngine(program: string = ON_PATH): Engine {
  return {
    name: 'llama-cpp',
    get version() {
      return `llama-cpp-${programVersion(program)}`;
    },
    image: 'llama-cpp',
    metrics: llamaCppMetrics,
    check: ({runtime}) => {
      if (runtime === 'process') programVersion(program);
    },
    launch: (input) => llamaCppLaunch(input.container ? ON_PATH : program, input),
    explain: explainLlamaCpp,
  };
}
