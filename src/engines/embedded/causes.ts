import type {KnownCause} from '../engine.ts';
import {findCause, OUT_OF_MEMORY, type CausePattern} from '../known-causes.ts';

/**
 * Every way to fail that is recognised, and the only place where the engine's log is interpreted.
 * The first pattern that matches any line wins, so the specific ones come first.
 */
const patterns: readonly CausePattern[] = [
  {
    code: 'port_taken',
    line: /cannot listen on .*EADDRINUSE/,
    why: (t) => t.engine.portTaken,
    try: ['berth doctor', 'berth deploy'],
  },
  {
    code: 'weights_missing',
    line: /cannot read the weights: .*(ENOENT|EACCES|EISDIR|ENOTDIR)/,
    why: (t) => t.engine.weightsMissing,
    try: ['berth models', 'berth deploy'],
  },
  {
    code: 'kv_type_unsupported',
    line: /unsupported --kv-type|Unsupported KV|(cannot create the context|llama\.cpp).*(cache type|V cache quantization)/i,
    why: (t) => t.engine.kvTypeUnsupported,
    try: ['berth deploy --kv f16'],
  },
  {
    code: OUT_OF_MEMORY,
    line: /too large for the available (V?RAM|resources)|Not enough VRAM|failed to allocate|unable to allocate|std::bad_alloc|out of memory|ENOMEM|heap limit/i,
    why: (t) => t.engine.outOfMemory,
    try: ['berth capacity', 'berth deploy --context 4096', 'berth deploy --kv q8_0'],
    shortage: {asked: [/ needs ([\d.]+ [KMGT]?i?B)/], free: [/ ([\d.]+ [KMGT]?i?B) are free/]},
  },
  {
    code: 'architecture_unsupported',
    line: /unknown model architecture|unsupported architecture/i,
    why: (t) => t.engine.architectureUnsupported,
    try: ['berth models'],
  },
  {
    code: 'weights_damaged',
    line: /cannot load the weights|Invalid GGUF|corrupted or incomplete|not within the file bounds|failed to read (magic|tensor|key)|invalid magic/i,
    why: (t) => t.engine.weightsDamaged,
    try: ['berth doctor', 'berth deploy'],
  },
  {
    code: 'library_missing',
    line: /cannot load the engine library/,
    why: (t) => t.engine.nativeLibraryMissing,
    try: ['npm install', 'berth doctor'],
  },
  {
    code: 'engine_library_failed',
    line: /GGML_ASSERT|GGML_ABORT|the engine library failed/,
    why: (t) => t.engine.computationFailed,
    try: ['berth logs', 'berth deploy --kv f16'],
  },
  {
    code: 'bad_flag',
    line: /cannot start: /,
    why: (t) => t.engine.badFlag,
    try: ['berth config check'],
  },
];

/** The cause of a failure, when a log line gives it away. */
export const explainEmbedded = (lastLines: readonly string[]): KnownCause | undefined =>
  findCause(patterns, lastLines);
