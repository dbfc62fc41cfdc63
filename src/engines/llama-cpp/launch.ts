import {dirname} from 'node:path';
import type {ContainerNeeds, EngineSpec} from '../../hosts/index.ts';
import type {EngineSettings, LaunchInput} from '../engine.ts';

/**
 * What runs llama-server with a fixed amount of memory. `program` is a path, or a name on the PATH of the host
 * or, in a container, of the image. Every flag, and why it is there: docs/engines.md.
 */
export function llamaCppLaunch(program: string, input: LaunchInput): EngineSpec {
  const {release, model, weightsFile, settings, predictedPeakBytes, container} = input;
  return {
    release,
    model,
    healthPath: '/health',
    concurrency: settings.sequences,
    predictedPeakBytes,
    argv: [
      program,
      ...['--host', '{address}', '--port', '{port}'],
      ...['--model', weightsFile, '--alias', model, '--offline'],
      ...memoryFlags(settings),
      ...deviceFlags(container?.gpus),
      ...(settings.threads === undefined ? [] : ['--threads', String(settings.threads)]),
      ...['--jinja', '--metrics', '--no-slots', '--no-webui'],
    ],
    // In the environment, because every user of the host can read a command line.
    env: {LLAMA_API_KEY: '{token}'},
    ...(container && {
      container: {...container, mounts: [{path: dirname(weightsFile), readOnly: true}]},
    }),
  };
}

/** All that decides how much memory it takes; nothing of it is left to what happens to be free. */
function memoryFlags({contextTokens, sequences, kvType, batchTokens}: EngineSettings): string[] {
  return [
    // The context of all slots together: the server divides it among them.
    ...['--ctx-size', String(contextTokens * sequences), '--parallel', String(sequences)],
    ...['--cache-type-k', kvType, '--cache-type-v', kvType],
    // A quantised V cache can only be read with flash attention.
    ...['--flash-attn', kvType === 'f16' ? 'auto' : 'on'],
    ...['--batch-size', String(batchTokens), '--ubatch-size', String(batchTokens)],
    // Else it shrinks the context, or moves layers to the CPU, to leave 1 GiB of a card free.
    ...['--fit', 'off'],
    // Else it keeps up to 8 GiB of old prompts in the host's RAM.
    ...['--cache-ram', '0'],
  ];
}

/**
 * With GPUs all layers go there, and the cards are named, because a server that cannot reach a card else serves
 * from the CPU without a word. Without one even a build for CUDA must not touch a card that nobody planned.
 */
function deviceFlags(gpus: ContainerNeeds['gpus']): string[] {
  if (gpus === undefined) return ['--device', 'none'];
  const cards = gpus === 'all' ? ['CUDA0'] : gpus.map((_, index) => `CUDA${index}`);
  return ['--device', cards.join(','), '--n-gpu-layers', '999'];
}
