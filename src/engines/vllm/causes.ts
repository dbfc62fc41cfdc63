import type {KnownCause} from '../engine.ts';
import {findCause, MEMORY_CHANGED, OUT_OF_MEMORY, type CausePattern} from '../known-causes.ts';

/**
 * Every way to fail that is recognised, and the only place where vLLM's log is interpreted. The lines that
 * these were made for are in test/fixtures/engines/vllm/failures.json, each with its source.
 */
const patterns: readonly CausePattern[] = [
  {
    code: MEMORY_CHANGED,
    line: /Error in memory profiling\. Initial free memory/,
    why: (t) => t.engine.memoryChanged,
    try: ['berth capacity', 'berth deploy --engine vllm'],
  },
  {
    code: 'driver_too_old',
    line: /Error 804: forward compatibility|NVIDIA driver on your system is too old|driver version is insufficient for CUDA runtime/,
    why: (t) => t.engine.driverTooOld,
    try: ['berth doctor', 'berth deploy --engine llama-cpp'],
  },
  {
    code: 'gpu_unseen',
    line: /Failed to infer device type|No CUDA GPUs are available|libcuda\.so\.1: cannot open shared object/,
    why: (t) => t.engine.gpuUnseen,
    try: ['berth doctor', 'nvidia-smi'],
  },
  {
    code: 'context_too_large',
    line: /To serve at least one request with the models?'?s max seq len|is larger than the maximum number of tokens that can be stored in KV cache|No available memory for the cache blocks/,
    why: (t) => t.engine.contextTooLarge,
    try: ['berth deploy --engine vllm --context 8192', 'berth deploy --engine vllm --kv q8_0'],
  },
  {
    code: 'context_too_long',
    line: /User-specified max_model_len \(\d+\) is greater than the derived max_model_len/,
    why: (t) => t.engine.contextTooLong,
    try: ['berth models', 'berth deploy --engine vllm --context 8192'],
  },
  {
    code: OUT_OF_MEMORY,
    line: /CUDA out of memory|OutOfMemoryError|Free memory on device .* on startup is less than|DefaultCPUAllocator: (can't allocate|not enough) memory|Cannot allocate memory|std::bad_alloc/,
    why: (t) => t.engine.outOfMemory,
    try: ['berth capacity', 'berth deploy --engine vllm --context 4096', 'berth deploy --engine llama-cpp'],
    shortage: {
      asked: [
        /Tried to allocate ([\d.]+ [KMG]iB)/,
        /less than desired GPU memory utilization \([\d.]+, ([\d.]+ GiB)\)/,
      ],
      free: [/of which ([\d.]+ [KMG]iB) is free/, /Free memory on device \(([\d.]+)\/[\d.]+( GiB)\)/],
    },
  },
  {
    code: 'kv_type_unsupported',
    line: /No valid attention backend found.*kv_cache_dtype|kv_cache_dtype not supported|FP8 KV cache no|argument --kv-cache-dtype: invalid choice/,
    why: (t) => t.engine.kvTypeUnsupported,
    try: ['berth deploy --engine vllm --kv f16'],
  },
  {
    code: 'repository_gated',
    line: /GatedRepoError|Cannot access gated repo|trying to access a gated repo/,
    why: (t) => t.engine.repositoryGated,
    try: ['berth models pull', 'berth models'],
  },
  {
    code: 'weights_damaged',
    line: /SafetensorError|Error while deserializing header/,
    why: (t) => t.engine.weightsDamaged,
    try: ['berth models verify', 'berth deploy --engine vllm'],
  },
  {
    code: 'weights_missing',
    line: /Cannot find any model weights with|Invalid repository ID or local directory specified|does not appear to have a file named config\.json/,
    why: (t) => t.engine.weightsMissing,
    try: ['berth models', 'berth deploy --engine vllm'],
  },
  {
    code: 'architecture_unsupported',
    line: /Model architectures \[.*\] (are not supported|failed to be inspected)/,
    why: (t) => t.engine.architectureUnsupported,
    try: ['berth models', 'berth deploy --engine llama-cpp'],
  },
  {
    code: 'port_taken',
    line: /address already in use|EADDRINUSE/i,
    why: (t) => t.engine.portTaken,
    try: ['berth doctor', 'berth deploy --engine vllm'],
  },
  {
    code: 'bad_flag',
    line: /vllm(?: serve)?: error: /,
    why: (t) => t.engine.badFlag,
    try: ['berth config check', 'berth doctor'],
  },
];

/** The cause of a failure, when a log line gives it away. */
export const explainVllm = (lastLines: readonly string[]): KnownCause | undefined =>
  findCause(patterns, lastLines);
