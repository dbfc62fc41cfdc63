import {join} from 'node:path';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {gib} from '../../base/units.ts';
import type {EngineSpec} from '../../hosts/index.ts';
import type {EngineSettings, KvType, LaunchInput} from '../engine.ts';

/**
 * The share of the card that must be free at the start. It decides nothing else once the KV pool is given in
 * bytes, and the plan has proven more than this.
 */
const SHARE = '0.1';
/** Messages between its processes; Docker's 64 MiB are too few. Only what is used costs memory. */
const SHARED_MEMORY = gib(1);

/** A folder of the serving image that its user may write to; what is compiled once outlives the container there. */
const CACHE = '/var/cache/berth';

/** vLLM's names for Berth's KV types. It has no 4-bit type that all its attention kernels know. */
const KV_DTYPES: Partial<Record<KvType, string>> = {f16: 'auto', q8_0: 'fp8'};

/**
 * What runs vLLM in its container with a fixed amount of memory. Every flag, and why it is there: docs/engines.md.
 */
export function vllmLaunch(input: LaunchInput): EngineSpec {
  const {release, model, weightsFile, settings, predictedPeakBytes, kvCacheBytes, container, outputTokens} =
    input;
  return {
    release,
    model,
    healthPath: '/health',
    concurrency: settings.sequences,
    ...(outputTokens !== undefined && {capsOutput: true}),
    predictedPeakBytes,
    argv: [
      'vllm',
      ...['serve', weightsFile, '--served-model-name', model],
      ...['--host', '{address}', '--port', '{port}'],
      ...memoryFlags(settings, kvCacheBytes),
      // Never the pickled formats, which run code when they are loaded.
      ...['--load-format', 'safetensors', '--generation-config', 'auto'],
      ...outputFlags(outputTokens),
      ...['--disable-uvicorn-access-log', '--disable-fastapi-docs'],
    ],
    env: {
      // In the environment, because every user of the host can read a command line.
      VLLM_API_KEY: '{token}',
      HF_HUB_OFFLINE: '1',
      VLLM_NO_USAGE_STATS: '1',
      ...cacheVariables(CACHE),
    },
    ...(container && {
      container: {
        ...container,
        mounts: [{path: weightsFile, readOnly: true}],
        cachePath: CACHE,
        sharedMemoryBytes: SHARED_MEMORY,
      },
    }),
  };
}

function memoryFlags(settings: EngineSettings, kvCacheBytes: number | undefined): string[] {
  const {contextTokens, sequences, kvType, batchTokens, quantization} = settings;
  if (kvCacheBytes === undefined) throw new Error('vllm needs kvCacheBytes: the plan decides them');
  return [
    ...['--kv-cache-memory-bytes', String(kvCacheBytes), '--gpu-memory-utilization', SHARE],
    ...(quantization === undefined ? [] : ['--quantization', quantization]),
    ...['--kv-cache-dtype', kvDtype(kvType)],
    ...['--max-model-len', String(contextTokens), '--max-num-seqs', String(sequences)],
    // A step must have room for a token of every request.
    ...['--max-num-batched-tokens', String(Math.max(batchTokens, sequences))],
    ...['--cudagraph-capture-sizes', ...captureSizes(sequences).map(String)],
  ];
}

/**
 * The longest answer, for all requests. Said here and not in each request, because vLLM refuses a request whose
 * prompt and limit together exceed the context, where others cut the answer.
 */
const outputFlags = (outputTokens: number | undefined): string[] =>
  outputTokens === undefined
    ? []
    : ['--override-generation-config', JSON.stringify({max_new_tokens: outputTokens})];

/** Batch sizes to record CUDA graphs for: none larger than can occur, because each costs memory and start time. */
export function captureSizes(sequences: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < sequences; size *= 2) sizes.push(size);
  return [...sizes, sequences];
}

/** All that it compiles once goes to a folder that outlives the container. `USER`: its user id may have no name. */
const cacheVariables = (folder: string): Record<string, string> => ({
  HOME: folder,
  USER: 'berth',
  VLLM_CACHE_ROOT: join(folder, 'vllm'),
  TORCHINDUCTOR_CACHE_DIR: join(folder, 'inductor'),
  TRITON_CACHE_DIR: join(folder, 'triton'),
});

/** Throws `kv_type_unsupported` for a KV type that vLLM does not have. */
export function kvDtype(kvType: KvType): string {
  const dtype = KV_DTYPES[kvType];
  if (dtype !== undefined) return dtype;
  throw new BerthError({
    code: 'kv_type_unsupported',
    what: (t) => t.engine.vllmKvType({kvType, known: Object.keys(KV_DTYPES).join(', ')}),
    try: ['berth deploy --engine vllm --kv q8_0', `berth deploy --engine llama-cpp --kv ${kvType}`],
    exit: ExitCode.usage,
    details: {kvType},
  });
}
