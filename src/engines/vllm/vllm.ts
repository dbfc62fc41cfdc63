import {BerthError, ExitCode} from '../../base/errors.ts';
import type {Say} from '../../base/texts/index.ts';
import type {Engine, Place} from '../engine.ts';
import {explainVllm} from './causes.ts';
import {kvDtype, vllmLaunch} from './launch.ts';
import {vllmMetrics} from './metrics.ts';

/** The version whose argument parser, metrics and messages Berth knows; the serving image must have it. */
const VERSION = '0.29.0';

/** vLLM: the most tokens a second for many requests at once, from safetensors, on an NVIDIA GPU. */
export function vllmEngine(): Engine {
  return {
    name: 'vllm',
    version: `vllm-${VERSION}`,
    image: 'vllm',
    metrics: vllmMetrics,
    check: checkPlace,
    launch: vllmLaunch,
    explain: explainVllm,
  };
}

function checkPlace({platform, runtime, device, kvType}: Place): void {
  if (kvType !== undefined) kvDtype(kvType);
  if (platform !== 'linux') throw cannotRun((t) => t.engine.vllmNeedsLinux({platform}));
  if (device !== 'gpu') throw cannotRun((t) => t.engine.vllmNeedsGpu);
  if (runtime !== 'docker')
    throw cannotRun((t) => t.engine.vllmNeedsDocker, ['berth deploy --engine vllm --runtime docker']);
}

const cannotRun = (why: Say, first: string[] = []): BerthError =>
  new BerthError({
    code: 'engine_not_here',
    what: (t) => t.engine.notHere({name: 'vllm'}),
    why,
    try: [...first, 'berth deploy --engine llama-cpp', 'berth deploy --engine embedded'],
    exit: ExitCode.usage,
    details: {engine: 'vllm'},
  });
