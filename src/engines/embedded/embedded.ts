import {readFileSync} from 'node:fs';
import {findPackageJSON} from 'node:module';
import {z} from 'zod';
import {dirname} from 'node:path';
import {imageProgram, ownProgram} from '../../base/program.ts';
import type {Engine, LaunchInput} from '../engine.ts';
import {explainEmbedded} from './causes.ts';

/** llama.cpp inside a Node program of Berth's own, through node-llama-cpp: no Docker and no GPU needed. */
export function embeddedEngine(): Engine {
  return {
    name: 'embedded',
    get version() {
      return `node-llama-cpp-${libraryVersion()}`;
    },
    image: 'berth',
    check: () => undefined,
    launch: ({release, model, weightsFile, settings, predictedPeakBytes, container}: LaunchInput) => ({
      release,
      model,
      healthPath: '/health',
      concurrency: settings.sequences,
      predictedPeakBytes,
      argv: [
        ...(container ? imageProgram('engines/embedded/main') : ownProgram('main', import.meta.url)),
        '--host',
        '{address}',
        '--port',
        '{port}',
        '--model',
        model,
        '--weights',
        weightsFile,
        '--context',
        String(settings.contextTokens),
        '--sequences',
        String(settings.sequences),
        '--kv-type',
        settings.kvType,
        '--batch-tokens',
        String(settings.batchTokens),
        '--queue',
        String(settings.queue),
        ...(settings.threads === undefined ? [] : ['--threads', String(settings.threads)]),
      ],
      // In the environment, because every user of the host can read a command line.
      env: {BERTH_ENGINE_TOKEN: '{token}'},
      ...(container && {
        container: {...container, mounts: [{path: dirname(weightsFile), readOnly: true}]},
      }),
    }),
    metrics: {
      requestsRunning: 'berth_engine_requests_running',
      requestsWaiting: 'berth_engine_requests_waiting',
      promptTokens: 'berth_engine_prompt_tokens_total',
      generationTokens: 'berth_engine_generation_tokens_total',
    },
    explain: explainEmbedded,
  };
}

/** Read from its package, so that the library itself, which is slow to load, stays in the engine's process. */
function libraryVersion(): string {
  const path = findPackageJSON('node-llama-cpp', import.meta.url);
  if (path === undefined) throw new Error('The package node-llama-cpp is not installed.');
  return z.object({version: z.string()}).parse(JSON.parse(readFileSync(path, 'utf8'))).version;
}
