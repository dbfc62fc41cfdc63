import type {KnownCause} from '../engine.ts';
import {findCause, OUT_OF_MEMORY, type CausePattern} from '../known-causes.ts';

/**
 * Every way to fail that is recognised, and the only place where llama-server's log is interpreted. The lines
 * that these were made for are in test/fixtures/engines/llama-cpp/failures.json, each with its source.
 */
const patterns: readonly CausePattern[] = [
  {
    code: 'port_taken',
    line: /couldn't bind HTTP server socket/,
    why: (t) => t.engine.portTaken,
    try: ['berth doctor', 'berth deploy --engine llama-cpp'],
  },
  {
    code: 'driver_too_old',
    line: /driver version is insufficient for CUDA runtime|forward compatibility was attempted|unsupported display driver|the provided PTX was compiled with an unsupported toolchain/i,
    why: (t) => t.engine.driverTooOld,
    try: ['berth doctor', 'berth deploy --engine embedded'],
  },
  {
    code: 'gpu_unseen',
    line: /invalid device: CUDA/,
    why: (t) => t.engine.gpuUnseen,
    try: ['berth doctor', 'nvidia-smi'],
  },
  {
    code: OUT_OF_MEMORY,
    line: /cudaMalloc failed: out of memory|CUDA error: out of memory|ggml_aligned_malloc: insufficient memory|failed to allocate (buffer|\S+ buffer|compute)|unable to allocate \S+ buffer|std::bad_alloc/i,
    why: (t) => t.engine.outOfMemory,
    try: ['berth capacity', 'berth deploy --context 4096', 'berth deploy --kv q8_0'],
    shortage: {
      asked: [/allocating ([\d.]+ MiB) on device/, /failed to allocate \S+ buffer of size (\d+)/],
      free: [/using device CUDA\d+ .* - (\d+ MiB) free/],
    },
  },
  {
    code: 'kv_type_unsupported',
    line: /unsupported cache type|V cache quantization requires flash_attn|quantized V cache (requires|was requested)|block size .* does not divide/i,
    why: (t) => t.engine.kvTypeUnsupported,
    try: ['berth deploy --kv f16'],
  },
  {
    code: 'architecture_unsupported',
    line: /unknown model architecture/,
    why: (t) => t.engine.architectureUnsupported,
    try: ['berth models'],
  },
  {
    code: 'weights_missing',
    line: /failed to open GGUF file/,
    why: (t) => t.engine.weightsMissing,
    try: ['berth models', 'berth deploy'],
  },
  {
    code: 'weights_damaged',
    line: /model is corrupted or incomplete|invalid magic characters|gguf_init_from_\w+: failed to read|error loading model/,
    why: (t) => t.engine.weightsDamaged,
    try: ['berth models verify', 'berth deploy'],
  },
  {
    code: 'engine_library_failed',
    line: /GGML_ASSERT|GGML_ABORT|CUDA error/,
    why: (t) => t.engine.computationFailed,
    try: ['berth logs', 'berth deploy --kv f16'],
  },
  {
    code: 'bad_flag',
    line: /^error: invalid argument|error while handling argument/,
    why: (t) => t.engine.badFlag,
    try: ['berth config check', 'berth doctor'],
  },
];

/** The cause of a failure, when a log line gives it away. */
export const explainLlamaCpp = (lastLines: readonly string[]): KnownCause | undefined =>
  findCause(patterns, lastLines);
