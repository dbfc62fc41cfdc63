import {readFile} from 'node:fs/promises';
import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import {bytes, gib} from '../../../src/base/units.ts';
import {engineFor, readMetrics, type LaunchInput} from '../../../src/engines/index.ts';
import {checkFlags, readFailures, readFlags} from './fixtures.ts';

const engine = engineFor('llama-cpp', {llamaServer: '/opt/llama-server'});
const input: LaunchInput = {
  release: 3,
  model: 'nano',
  weightsFile: '/weights/nano.gguf',
  settings: {contextTokens: 4096, sequences: 4, kvType: 'q8_0', batchTokens: 512, queue: 64},
  predictedPeakBytes: bytes(1000),
};

describe('launch of llama-cpp', () => {
  it('is what to run on a CPU, with every byte decided and the token outside the command line', () => {
    const spec = engine.launch(input);
    expect(spec).toEqual({
      release: 3,
      model: 'nano',
      healthPath: '/health',
      concurrency: 4,
      predictedPeakBytes: 1000,
      argv: [
        '/opt/llama-server',
        ...['--host', '{address}', '--port', '{port}'],
        ...['--model', '/weights/nano.gguf', '--alias', 'nano', '--offline'],
        ...['--ctx-size', '16384', '--parallel', '4'],
        ...['--cache-type-k', 'q8_0', '--cache-type-v', 'q8_0', '--flash-attn', 'on'],
        ...['--batch-size', '512', '--ubatch-size', '512', '--fit', 'off', '--cache-ram', '0'],
        ...['--device', 'none', '--jinja', '--metrics', '--no-slots', '--no-webui'],
      ],
      env: {LLAMA_API_KEY: '{token}'},
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  it('puts all layers on the GPU of its container, which sees the weights read-only', () => {
    const spec = engine.launch({
      ...input,
      settings: {...input.settings, kvType: 'f16', threads: 2},
      container: {image: 'berth/llama-cpp:1', gpus: ['GPU-1']},
    });
    expect(spec.container).toEqual({
      image: 'berth/llama-cpp:1',
      gpus: ['GPU-1'],
      mounts: [{path: '/weights', readOnly: true}],
    });
    const line = spec.argv.join(' ');
    expect(line).toMatch(/^llama-server /);
    expect(line).toContain('--device CUDA0 --n-gpu-layers 999 --threads 2');
    expect(line).toContain('--cache-type-k f16 --cache-type-v f16 --flash-attn auto');
  });

  it('names one device for each GPU that the container sees', () => {
    const argvFor = (gpus: 'all' | string[]) => engine.launch({...input, container: {image: 'x', gpus}}).argv;
    expect(argvFor(['a', 'b'])).toContain('CUDA0,CUDA1');
    expect(argvFor('all')).toContain('CUDA0');
  });

  it.each(['flags-0c1e570.json', 'flags-upstream-00dc805.json'])('uses flags that %s knows', async (file) => {
    const flags = await readFlags('llama-cpp', file);
    const settings = {...input.settings, threads: 2};
    checkFlags(engine.launch({...input, settings}).argv.slice(1), flags);
    checkFlags(
      engine.launch({...input, settings, container: {image: 'x', gpus: 'all'}}).argv.slice(1),
      flags,
    );
  });
});

describe('check of llama-cpp', () => {
  it('refuses a program that is not there, and says where to put it', () => {
    expect(() =>
      engineFor('llama-cpp', {llamaServer: '/nowhere/llama-server'}).check({
        platform: 'linux',
        runtime: 'process',
        device: 'cpu',
      }),
    ).toThrow(
      expect.objectContaining({
        code: 'engine_missing',
        exit: 2,
        try: expect.arrayContaining([expect.stringContaining('BERTH_LLAMA_SERVER')]) as string[],
      }),
    );
  });

  it('refuses a program that is something else', () => {
    const other = engineFor('llama-cpp', {llamaServer: '/bin/false'});
    expect(() => other.version).toThrow(expect.objectContaining({code: 'engine_missing'}));
  });

  it('needs no program of this machine in a container', () => {
    const elsewhere = engineFor('llama-cpp', {llamaServer: '/nowhere/llama-server'});
    elsewhere.check({platform: 'linux', runtime: 'docker', device: 'gpu'});
  });
});

describe('explain of llama-cpp', async () => {
  it.each(await readFailures('llama-cpp'))('recognises $code ($source)', ({code, lines}) => {
    const cause = engine.explain(['I srv  llama_server: initializing ...', ...lines]);
    expect(cause?.code).toBe(code);
    expect(lines).toContain(cause?.line);
    expect(cause?.why(textsFor('en'))).not.toBe('');
    expect(cause?.why(textsFor('zh-CN'))).toMatch(/[\u4e00-\u9fff]/);
    expect(cause?.try.length).toBeGreaterThan(0);
  });

  it.each([
    [
      [
        'llama_model_load_from_file_impl: using device CUDA0 (NVIDIA GeForce RTX 4090 D) (0000:01:00.0) - 3072 MiB free',
      ],
      'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 19968.00 MiB on device 0: cudaMalloc failed: out of memory',
      {askedBytes: gib(19.5), freeBytes: gib(3)},
    ],
    [
      // Free before the weights were loaded: that does not explain why the cache found no room after them.
      [
        'llama_model_load_from_file_impl: using device CUDA0 (NVIDIA GeForce RTX 4090 D) (0000:01:00.0) - 3072 MiB free',
      ],
      'ggml_gallocr_reserve_n: failed to allocate CUDA0 buffer of size 1073741824',
      {askedBytes: gib(1)},
    ],
    [[], 'E ggml_aligned_malloc: insufficient memory (attempted to allocate  64.00 MB)', undefined],
  ])('tells the bytes that a log tells, %#', (before, line, shortage) => {
    expect(engine.explain([...before, line])).toMatchObject({code: 'out_of_memory', line});
    expect(engine.explain([...before, line])?.shortage).toEqual(shortage);
  });

  it('says nothing about what it does not know', () => {
    expect(engine.explain(['I srv  llama_server: listening on http://127.0.0.1:1'])).toBeUndefined();
  });
});

describe('metrics of llama-cpp', () => {
  it('are read from what a real server told', async () => {
    const path = new URL('../../fixtures/engines/llama-cpp/metrics-0c1e570.txt', import.meta.url);
    expect(readMetrics(engine.metrics, await readFile(path, 'utf8'))).toEqual({
      requestsRunning: 0,
      requestsWaiting: 0,
      promptTokens: 31,
      generationTokens: 54,
    });
  });

  it('leave out what is not told, and add up what differs in labels only', () => {
    const text =
      '# HELP x y\nllamacpp:tokens_predicted_total{a="1 }"} 2\nllamacpp:tokens_predicted_total{a="2"} 3e1 1700\nbroken';
    expect(readMetrics(engine.metrics, text)).toEqual({generationTokens: 32});
  });
});
