import {BerthError, ExitCode} from '../base/errors.ts';
import {embeddedEngine} from './embedded/embedded.ts';
import type {Engine} from './engine.ts';
import {llamaCppEngine} from './llama-cpp/llama-cpp.ts';
import {vllmEngine} from './vllm/vllm.ts';

/** Engines that can be chosen. */
const ENGINES = ['embedded', 'llama-cpp', 'vllm'] as const;

/** Where programs lie on this machine that Berth does not bring. */
export interface EnginePlaces {
  /** Path of llama-server; looked up on the PATH when undefined. */
  llamaServer?: string | undefined;
}

/**
 * The engine of that name.
 * @throws BerthError `engine_unknown` for any other.
 */
export function engineFor(name: string, {llamaServer}: EnginePlaces = {}): Engine {
  if (name === 'embedded') return embeddedEngine();
  if (name === 'llama-cpp') return llamaCppEngine(llamaServer);
  if (name === 'vllm') return vllmEngine();
  throw new BerthError({
    code: 'engine_unknown',
    what: (t) => t.engine.unknown({name, available: ENGINES.join(', ')}),
    try: ENGINES.map((engine) => `berth deploy --engine ${engine}`),
    exit: ExitCode.usage,
    details: {engine: name, available: ENGINES},
  });
}
