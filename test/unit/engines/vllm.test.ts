import {readFile} from 'node:fs/promises';
import {describe, expect, it} from 'vitest';
import {BerthError} from '../../../src/base/errors.ts';
import {textsFor} from '../../../src/base/texts/index.ts';
import {gib, mib} from '../../../src/base/units.ts';
import {engineFor, readMetrics, type LaunchInput, type Place} from '../../../src/engines/index.ts';
import {captureSizes} from '../../../src/engines/vllm/launch.ts';
import {checkFlags, readFailures, readFlags} from './fixtures.ts';

const engine = engineFor('vllm');
const english = textsFor('en');
const input: LaunchInput = {
  release: 3,
  model: 'qwen3-4b-instruct-2507',
  weightsFile: '/weights/qwen3-4b',
  settings: {contextTokens: 32_768, sequences: 4, kvType: 'q8_0', batchTokens: 2048, queue: 64},
  predictedPeakBytes: gib(12),
  kvCacheBytes: gib(2),
  outputTokens: 4096,
  container: {image: 'berth/vllm:1', gpus: ['GPU-1']},
};

describe('launch of vllm', () => {
  it('is what to run, with every byte decided and the token outside the command line', () => {
    const spec = engine.launch(input);
    expect(spec).toEqual({
      release: 3,
      model: 'qwen3-4b-instruct-2507',
      healthPath: '/health',
      concurrency: 4,
      capsOutput: true,
      predictedPeakBytes: gib(12),
      argv: [
        ...['vllm', 'serve', '/weights/qwen3-4b', '--served-model-name', 'qwen3-4b-instruct-2507'],
        ...['--host', '{address}', '--port', '{port}'],
        ...['--kv-cache-memory-bytes', '2147483648', '--gpu-memory-utilization', '0.1'],
        ...['--kv-cache-dtype', 'fp8', '--max-model-len', '32768', '--max-num-seqs', '4'],
        ...['--max-num-batched-tokens', '2048', '--cudagraph-capture-sizes', '1', '2', '4'],
        ...['--load-format', 'safetensors', '--generation-config', 'auto'],
        ...['--override-generation-config', '{"max_new_tokens":4096}'],
        ...['--disable-uvicorn-access-log', '--disable-fastapi-docs'],
      ],
      env: {
        VLLM_API_KEY: '{token}',
        HF_HUB_OFFLINE: '1',
        VLLM_NO_USAGE_STATS: '1',
        HOME: '/var/cache/berth',
        USER: 'berth',
        VLLM_CACHE_ROOT: '/var/cache/berth/vllm',
        TORCHINDUCTOR_CACHE_DIR: '/var/cache/berth/inductor',
        TRITON_CACHE_DIR: '/var/cache/berth/triton',
      },
      container: {
        image: 'berth/vllm:1',
        gpus: ['GPU-1'],
        mounts: [{path: '/weights/qwen3-4b', readOnly: true}],
        cachePath: '/var/cache/berth',
        sharedMemoryBytes: gib(1),
      },
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  it.each(['0.29.0', '0.33.0'])('uses flags that version %s knows', async (version) => {
    const flags = await readFlags('vllm', `flags-${version}.json`);
    checkFlags(engine.launch(input).argv.slice(3), flags);
    const f16 = {...input, settings: {...input.settings, kvType: 'f16' as const}};
    checkFlags(engine.launch(f16).argv.slice(3), flags);
    const quantised = engine.launch({...input, settings: {...input.settings, quantization: 'fp8'}}).argv;
    expect(quantised.join(' ')).toContain(' --quantization fp8 ');
    checkFlags(quantised.slice(3), flags);
  });

  it('is of the version that the serving image has', async () => {
    const recipe = await readFile(new URL('../../../images/vllm/image.json', import.meta.url), 'utf8');
    const tags = [...recipe.matchAll(/vllm-openai:v([\d.]+)/g)].map(([, tag]) => `vllm-${tag}`);
    expect(new Set(tags)).toEqual(new Set([engine.version]));
  });

  it('records graphs for no more requests than there can be', () => {
    expect([1, 2, 3, 4, 6, 8].map(captureSizes)).toEqual([
      [1],
      [1, 2],
      [1, 2, 3],
      [1, 2, 4],
      [1, 2, 4, 6],
      [1, 2, 4, 8],
    ]);
  });

  it('gives a step room for a token of every request', () => {
    const settings = {...input.settings, sequences: 64, batchTokens: 32};
    expect(engine.launch({...input, settings}).argv.join(' ')).toContain('--max-num-batched-tokens 64');
  });

  it('never leaves the size of the KV cache to what is free', () => {
    expect(() => engine.launch({...input, kvCacheBytes: undefined})).toThrow('kvCacheBytes');
  });
});

describe('check of vllm', () => {
  const there: Place = {platform: 'linux', runtime: 'docker', device: 'gpu'};

  it('lets it run in a container on Linux with a GPU', () => engine.check({...there, kvType: 'q8_0'}));

  it.each<[string, Place, string, string]>([
    ['macOS', {...there, platform: 'darwin'}, 'engine_not_here', 'Linux'],
    ['a host without a GPU', {...there, device: 'cpu'}, 'engine_not_here', 'GPU'],
    ['plain processes', {...there, runtime: 'process'}, 'engine_not_here', 'container'],
    ['a KV type that it does not have', {...there, kvType: 'q4_0'}, 'kv_type_unsupported', 'q4_0'],
  ])('refuses %s, with what can be done instead', (_name, place, code, words) => {
    const error = refusalOf(place);
    expect(error).toMatchObject({code, exit: 2});
    const told = `${error.what(english)} ${error.why?.(english) ?? ''}`;
    expect(told).toContain(words);
    expect(error.try.join('\n')).toContain('--engine llama-cpp');
  });
});

function refusalOf(place: Place): BerthError {
  try {
    engine.check(place);
  } catch (error) {
    if (error instanceof BerthError) return error;
    throw error;
  }
  throw new Error('it was let through');
}

describe('explain of vllm', async () => {
  it.each(await readFailures('vllm'))('recognises $code ($source)', ({code, lines}) => {
    const cause = engine.explain(['INFO 01-01 00:00:00 [api_server.py:1] vLLM API server', ...lines]);
    expect(cause?.code).toBe(code);
    expect(lines).toContain(cause?.line);
    expect(cause?.why(textsFor('en'))).not.toBe('');
    expect(cause?.why(textsFor('zh-CN'))).toMatch(/[\u4e00-\u9fff]/);
    expect(cause?.try.length).toBeGreaterThan(0);
  });

  it('tells the bytes that a log tells', async () => {
    const failures = await readFailures('vllm');
    const told = failures.flatMap(({lines}) => engine.explain(lines)?.shortage ?? []);
    // The three lacks of memory of the fixture, in its order; the last of them is vLLM's own check at the start.
    expect(told).toEqual([
      {askedBytes: mib(896), freeBytes: mib(739.81)},
      {askedBytes: mib(20), freeBytes: mib(3.31)},
      {askedBytes: gib(71.24), freeBytes: gib(59.32)},
    ]);
  });

  it('prefers the root to what follows from it', () => {
    const root = 'ValueError: No available memory for the cache blocks.';
    const after = 'RuntimeError: Engine core initialization failed. See root cause above.';
    expect(engine.explain([root, after])).toMatchObject({code: 'context_too_large', line: root});
    expect(engine.explain([after])).toBeUndefined();
  });
});

describe('metrics of vllm', () => {
  it('are read from its text form, over all engine cores', () => {
    const label = 'engine="0",model_name="qwen3-4b"';
    const text = [
      '# HELP vllm:generation_tokens_total Number of generation tokens processed.',
      '# TYPE vllm:generation_tokens_total counter',
      `vllm:generation_tokens_total{${label}} 16.0`,
      `vllm:prompt_tokens_total{${label}} 24.0`,
      `vllm:num_requests_running{${label}} 1.0`,
      `vllm:num_requests_waiting{${label}} 0.0`,
      `vllm:kv_cache_usage_perc{${label}} 0.012`,
      `vllm:generation_tokens_created{${label}} 1.79e+09`,
    ].join('\n');
    expect(readMetrics(engine.metrics, text)).toEqual({
      generationTokens: 16,
      promptTokens: 24,
      requestsRunning: 1,
      requestsWaiting: 0,
      kvUsedRatio: 0.012,
    });
  });
});
