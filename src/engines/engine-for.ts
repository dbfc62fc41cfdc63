import {BerthError, ExitCode} from '../base/errors.ts';
import {embeddedEngine} from './embedded/embedded.ts';
import type {Engine} from './engine.ts';
import {llamaCppEngine} from './llama-cpp/llama-cpp.ts';

/** Engines that can be chosen in this version. */
export const AVAILABLE_ENGINES = ['embedded', 'llama-cpp'] as const;

/** Part of the design, and not of this version. */
const LATER: readonly string[] = ['vllm'];

/** Where programs lie on this machine that Berth does not bring. */
export interface EnginePlaces {
  /** Path of llama-server; looked up on the PATH when undefined. */
  llamaServer?: string | undefined;
}

/**
 * The engine of that name.
 * @throws BerthError `engine_unavailable` for one that this version does not have yet, `engine_unknown` for any other.
 */
export function engineFor(name: string, {llamaServer}: EnginePlaces = {}): Engine {
  if (name === 'embedded') return embeddedEngine();
  if (name === 'llama-cpp') return llamaCppEngine(llamaServer);
  const available = AVAILABLE_ENGINES.join(', ');
  const later = LATER.includes(name);
  throw new BerthError({
    code: later ? 'engine_unavailable' : 'engine_unknown',
    what: (t) => (later ? t.engine.unavailable({name, available}) : t.engine.unknown({name, available})),
    try: AVAILABLE_ENGINES.map((engine) => `berth deploy --engine ${engine}`),
    exit: ExitCode.usage,
    details: {engine: name, available: AVAILABLE_ENGINES},
  });
}
