import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import {bytes, gib, mib} from '../../../src/base/units.ts';
import {bufferIn} from '../../../src/engines/embedded/model/buffers.ts';
import {kvCacheBytes} from '../../../src/engines/embedded/model/memory.ts';
import {parseOptions} from '../../../src/engines/embedded/options.ts';
import {shareBatch} from '../../../src/engines/embedded/slots/batch.ts';
import {chooseThreads} from '../../../src/engines/embedded/threads.ts';
import {engineFor, type LaunchInput} from '../../../src/engines/index.ts';

const input: LaunchInput = {
  release: 3,
  model: 'nano',
  weightsFile: '/weights/nano.gguf',
  settings: {contextTokens: 4096, sequences: 4, kvType: 'q8_0', batchTokens: 512, queue: 64},
  predictedPeakBytes: bytes(1000),
};

describe('engineFor', () => {
  it('knows the embedded engine, and its library’s version', () => {
    const engine = engineFor('embedded');
    expect(engine.name).toBe('embedded');
    expect(engine.version).toMatch(/^node-llama-cpp-\d+\.\d+\.\d+/);
  });

  it('refuses another and names the choices', () => {
    expect(() => engineFor('magic')).toThrow(
      expect.objectContaining({
        code: 'engine_unknown',
        exit: 2,
        message: expect.stringMatching(/no engine "magic".*embedded, llama-cpp, vllm/) as string,
      }),
    );
  });
});

describe('launch', () => {
  it('is what to run, with the token outside the command line', () => {
    const spec = engineFor('embedded').launch(input);
    expect(spec).toEqual({
      release: 3,
      model: 'nano',
      healthPath: '/health',
      predictedPeakBytes: 1000,
      concurrency: 4,
      argv: [
        process.execPath,
        expect.stringMatching(/src\/engines\/embedded\/main\.ts$/),
        ...[
          '--host',
          '{address}',
          '--port',
          '{port}',
          '--model',
          'nano',
          '--weights',
          '/weights/nano.gguf',
          '--context',
          '4096',
        ],
        ...['--sequences', '4', '--kv-type', 'q8_0', '--batch-tokens', '512', '--queue', '64'],
      ],
      env: {BERTH_ENGINE_TOKEN: '{token}'},
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  it('is what the program understands', () => {
    const spec = engineFor('embedded').launch({...input, settings: {...input.settings, threads: 2}});
    const flags = spec.argv
      .slice(2)
      .map((argument) => argument.replace('{port}', '8000').replace('{address}', '127.0.0.1'));
    expect(parseOptions(flags, {BERTH_ENGINE_TOKEN: 'secret'})).toEqual({
      host: '127.0.0.1',
      port: 8000,
      model: 'nano',
      weights: '/weights/nano.gguf',
      contextTokens: 4096,
      sequences: 4,
      kvType: 'q8_0',
      batchTokens: 512,
      queue: 64,
      threads: 2,
      gpu: 'off',
      token: 'secret',
    });
  });
});

describe('explain', () => {
  const explain = (...lines: string[]) => engineFor('embedded').explain(lines);

  it.each([
    ['error cannot listen on 127.0.0.1:80: listen EADDRINUSE: address already in use', 'port_taken'],
    ["error cannot read the weights: ENOENT: no such file or directory, open '/x'", 'weights_missing'],
    ['error cannot load the weights: Invalid GGUF magic. Expected "GGUF"', 'weights_damaged'],
    ['error cannot load the weights: Failed to load model', 'weights_damaged'],
    ['error cannot create the context: out of memory: the KV cache needs 1.7 TiB', 'out_of_memory'],
    [
      'error cannot create the context: A context size of 9 is too large for the available RAM',
      'out_of_memory',
    ],
    ['error cannot start: unsupported --kv-type "q9": Invalid option', 'kv_type_unsupported'],
    ['error cannot start: unsupported --context "x": Invalid input', 'bad_flag'],
    ['error cannot load the engine library: NoBinaryFoundError', 'library_missing'],
    ['/src/ggml.c:1: GGML_ASSERT(x) failed', 'engine_library_failed'],
    ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'out_of_memory'],
  ])('recognises %s', (line, code) => {
    const cause = explain('info listening', line);
    expect(cause).toMatchObject({code, line});
    expect(cause?.why(textsFor('en'))).not.toBe('');
    expect(cause?.why(textsFor('zh-CN'))).toMatch(/[\u4e00-\u9fff]/);
    expect(cause?.try.length).toBeGreaterThan(0);
  });

  it('tells the bytes that the engine tells', () => {
    const line =
      'error cannot create the context: out of memory: the KV cache of 1 x 8192 tokens needs 1.5 GiB, 700 MiB are free';
    expect(explain(line)?.shortage).toEqual({askedBytes: gib(1.5), freeBytes: mib(700)});
  });

  it('prefers the cause that says more', () => {
    expect(
      explain(
        "error llama.cpp: error loading model: unknown model architecture: 'qwenX'",
        'error cannot load the weights: Failed to load model',
      )?.code,
    ).toBe('architecture_unsupported');
  });

  it('does not guess', () => {
    expect(explain('info ready: nano in 300 ms')).toBeUndefined();
  });
});

describe('chooseThreads', () => {
  it.each([
    ['a tiny model', {modelBytes: mib(6), physicalCores: 16, load: 0}, 1],
    ['idle cores', {modelBytes: gib(2), physicalCores: 8, load: 0.2}, 8],
    ['busy cores', {modelBytes: gib(2), physicalCores: 8, load: 3}, 5],
    ['no idle core', {modelBytes: gib(2), physicalCores: 2, load: 9}, 1],
  ])('%s', (_name, facts, threads) => {
    expect(chooseThreads(facts)).toBe(threads);
  });
});

describe('shareBatch', () => {
  it('gives a lone reader the whole batch', () => {
    expect(shareBatch([1000], 512)).toEqual([512]);
  });

  it('gives answering slots their token, and readers less while answers stream', () => {
    expect(shareBatch([0, 1000], 512)).toEqual([0, 128]);
  });

  it('does not let a long prompt keep a short one waiting, and leaves nothing unused', () => {
    expect(shareBatch([1000, 20], 512)).toEqual([492, 20]);
  });

  it('never exceeds the batch, and always moves on', () => {
    expect(shareBatch([0, 0, 0, 9, 9], 4)).toEqual([0, 0, 0, 1, 0]);
    expect(shareBatch([0, 9], 1)).toEqual([0, 1]);
  });
});

describe('kvCacheBytes', () => {
  const qwen4b = {layers: 36, kvHeads: 8, keyLength: 128, valueLength: 128};

  it('is 144 KiB a token for Qwen3-4B at f16', () => {
    expect(kvCacheBytes(qwen4b, {contextTokens: 1, sequences: 1, kvType: 'f16'})).toBe(147_456);
  });

  it('counts heads layer by layer where they differ', () => {
    const uneven = {...qwen4b, layers: 2, kvHeads: [8, 0]};
    expect(kvCacheBytes(uneven, {contextTokens: 1, sequences: 2, kvType: 'f16'})).toBe(8 * 256 * 2 * 2);
  });
});

describe('bufferIn', () => {
  it.each([
    ['load_tensors:   CPU_REPACK model buffer size =    59.06 MiB', 'model', 'CPU_REPACK', 59.06],
    ['llama_kv_cache:        CPU KV buffer size =   128.00 MiB', 'KV', 'CPU', 128],
    ['sched_reserve:      CUDA0 compute buffer size =   301.75 MiB', 'compute', 'CUDA0', 301.75],
    ['llama_context:  CUDA_Host  output buffer size =     0.58 MiB', 'output', 'CUDA_Host', 0.58],
  ] as const)('reads %j', (line, use, place, size) => {
    expect(bufferIn(line)).toEqual({use, place, mib: size});
  });

  it('reads nothing else', () => {
    expect(bufferIn('llama_kv_cache: size =  128.00 MiB (  4096 cells,   8 layers)')).toBeUndefined();
    expect(bufferIn('print_info: n_ctx_train = 32768')).toBeUndefined();
  });
});
