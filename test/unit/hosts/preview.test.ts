import {expect, it} from 'vitest';
import {gib} from '../../../src/base/units.ts';
import {engineFor} from '../../../src/engines/index.ts';
import {gatewayConfigSchema, gatewaySpec} from '../../../src/gateway/index.ts';
import {previewContainers} from '../../../src/hosts/runtimes/docker/preview.ts';
import {programPreviewSchema} from '../../../src/hosts/runtimes/preview.ts';
import {deploymentPaths} from '../../../src/hosts/runtimes/supervisor/paths.ts';

const spec = engineFor('vllm').launch({
  ...{release: 3, model: 'qwen3-4b-instruct-2507', weightsFile: '/weights/bf16', outputTokens: 4096},
  settings: {
    ...{contextTokens: 32_768, sequences: 4, kvType: 'q8_0', batchTokens: 2048, queue: 64},
    quantization: 'fp8',
  },
  predictedPeakBytes: gib(12),
  kvCacheBytes: gib(2),
  container: {image: 'berth/vllm:0123456789ab', gpus: ['GPU-1']},
});
const gateway = gatewaySpec(gatewayConfigSchema.parse({}), {
  stateFolder: '/var/lib/berth/demo',
  image: 'berth/berth:0123456789ab',
});

it('tells the containers of vLLM as they would be started, without a secret', () => {
  const [door, engine] = previewContainers(deploymentPaths('/var/lib/berth', 'demo'), gateway, spec).map(
    (program) => programPreviewSchema.parse(program),
  );
  expect(engine).toEqual({
    role: 'engine',
    name: 'berth-demo-engine-3',
    image: 'berth/vllm:0123456789ab',
    argv: [
      ...['vllm', 'serve', '/weights/bf16', '--served-model-name', 'qwen3-4b-instruct-2507'],
      ...['--host', '0.0.0.0', '--port', '8000'],
      ...['--kv-cache-memory-bytes', '2147483648', '--gpu-memory-utilization', '0.1'],
      ...['--quantization', 'fp8', '--kv-cache-dtype', 'fp8'],
      ...['--max-model-len', '32768', '--max-num-seqs', '4', '--max-num-batched-tokens', '2048'],
      ...['--cudagraph-capture-sizes', '1', '2', '4'],
      ...['--load-format', 'safetensors', '--generation-config', 'auto'],
      ...['--override-generation-config', '{"max_new_tokens":4096}'],
      ...['--disable-uvicorn-access-log', '--disable-fastapi-docs'],
    ],
    env: {
      HOME: '/var/cache/berth',
      VLLM_API_KEY: '(secret)',
      HF_HUB_OFFLINE: '1',
      VLLM_NO_USAGE_STATS: '1',
      USER: 'berth',
      VLLM_CACHE_ROOT: '/var/cache/berth/vllm',
      TORCHINDUCTOR_CACHE_DIR: '/var/cache/berth/inductor',
      TRITON_CACHE_DIR: '/var/cache/berth/triton',
      BERTH_TOKEN: '(secret)',
    },
    user: '65532:65532',
    // The model's memory is the card's: no limit of RAM is made of its budget.
    mounts: ['/weights/bf16:/weights/bf16:ro', 'berth-demo-cache:/var/cache/berth'],
    gpus: ['GPU-1'],
    limits: {sharedMemoryBytes: gib(1), processes: 1024},
    network: 'berth-demo',
    labels: {
      'dev.berth.deployment': 'demo',
      'dev.berth.role': 'engine',
      'dev.berth.state': '/var/lib/berth/demo',
      'dev.berth.spec': expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      'dev.berth.release': '3',
    },
  });
  expect(door).toMatchObject({
    role: 'gateway',
    image: 'berth/berth:0123456789ab',
    publish: ['127.0.0.1:8080'],
    network: 'berth-demo-door',
  });
});
