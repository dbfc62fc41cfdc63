/** Deploys onto a card: a rig host with the GPU double, and a double of llama-server for CUDA over the real one. */
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {mib} from '../../../src/base/units.ts';
import {rigImages} from '../../rig/image.ts';
import {llamaBase} from '../../rig/llama-base.ts';
import {needsLlamaServer} from '../../rig/llama-server.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';
import {openBerth, type Berth} from '../../support/berth.ts';

const STEP_MS = 300_000;
/** What the double of llama-server takes of the card. */
const ENGINE_MIB = 700;

const skipped = await needsDocker();
const server = skipped ? undefined : await needsLlamaServer();

describe.skipIf(skipped || server === undefined)('a card (GPU double) on a rig host', () => {
  let rig: Rig;
  let berth: Berth;
  const here = ['--host', 'rig1', '--name', 'card'];
  // A short context: the warm-up of a long one takes 10 s on the CPU that computes.
  const nano = ['deploy', '--model', 'nano', '--engine', 'llama-cpp', '--context'];

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    const [host] = rig.hosts;
    await host.gpu.plugIn({engine_mib: ENGINE_MIB});
    await berthImage();
    const bases = {berth: (await rigImages()).base, 'llama-cpp': await llamaBase(server ?? '', {cuda: true})};
    berth = await openBerth();
    // It would be the port of every deployment.
    delete berth.env.BERTH_PORT;
    await writeFile(join(berth.home, 'berth.yaml'), JSON.stringify({images: {base: bases}}));
    const key = ['--identity', host.keyFile, '--host-key', await host.hostKeyFingerprint()];
    const added = await berth.run('host', 'add', 'rig1', `ssh://ops@${host.address}`, ...key);
    expect(added.code, added.stderr).toBe(0);
  }, RIG_START_MS);
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  it(
    'is what a dry run prints the exact container of vLLM for',
    async () => {
      const wish = [
        'deploy',
        '--model',
        'qwen3-4b-instruct-2507',
        '--profile',
        'throughput',
        '--dry-run',
        ...here,
      ];
      const {code, value, stderr} = await berth.json(...wish);
      expect(code, JSON.stringify(value) + stderr).toBe(0);
      expect(value).toMatchObject({
        outcome: 'planned',
        engine: 'vllm',
        variant: 'bf16',
        weightsMissing: true,
      });
      const {wouldRun} = value as {wouldRun: {role: string; argv: string[]}[]};
      expect(wouldRun.find(({role}) => role === 'engine')).toMatchObject({
        name: 'berth-card-engine-1',
        image: expect.stringMatching(/^berth\/vllm:/) as string,
        argv: [
          ...['vllm', 'serve', expect.stringContaining('qwen3-4b-instruct-2507') as string],
          ...['--served-model-name', 'qwen3-4b-instruct-2507', '--host', '0.0.0.0', '--port', '8000'],
          // 73,728 B a token in 8 bits, 4 x 32,768 tokens and one block of 16.
          ...[
            '--kv-cache-memory-bytes',
            String(73_728 * (4 * 32_768 + 16)),
            '--gpu-memory-utilization',
            '0.1',
          ],
          ...['--quantization', 'fp8', '--kv-cache-dtype', 'fp8'],
          ...['--max-model-len', '32768', '--max-num-seqs', '4', '--max-num-batched-tokens', '2048'],
          ...['--cudagraph-capture-sizes', '1', '2', '4'],
          ...['--load-format', 'safetensors', '--generation-config', 'auto'],
          ...['--override-generation-config', expect.stringContaining('max_new_tokens') as string],
          ...['--disable-uvicorn-access-log', '--disable-fastapi-docs'],
        ],
        env: {VLLM_API_KEY: '(secret)', HF_HUB_OFFLINE: '1'},
        limits: {sharedMemoryBytes: mib(1024)},
      });
      const {stdout} = await berth.run(...wish);
      expect(stdout).toContain('--kv-cache-memory-bytes');
      expect(await host().exec(['docker', 'ps', '-aq', '--filter', 'name=berth-card'])).toMatchObject({
        stdout: '',
      });
    },
    STEP_MS,
  );

  it(
    'serves with llama.cpp, and what it held is counted apart from what was measured in RAM',
    async () => {
      expect(await ok(...nano, '1024', ...here)).toMatchObject({
        ...{outcome: 'deployed', engine: 'llama-cpp', release: 1, ladder: 'fresh'},
        measuredPeakBytes: mib(ENGINE_MIB),
      });
      expect(await ok('plan', 'nano', ...here)).toMatchObject({
        device: {kind: 'gpu', card: '4090d'},
        errorSoFar: {device: 'gpu', releases: 1},
      });
      expect(await ok('plan', 'nano', '--card', 'cpu', ...here)).toMatchObject({errorSoFar: null});
    },
    STEP_MS,
  );

  it(
    'runs out of memory: one sentence, the bytes, the next command, exit 5, and the old release serves on',
    async () => {
      // The plan sees 3 GiB free; what the engine then asks for at once is another matter.
      await host().gpu.set({engine_mib: 20_000, other_mib: 24_564 - 434 - 3072 - ENGINE_MIB});
      const wish = [...nano, '2048', ...here];
      const {code, stderr} = await berth.run(...wish);
      const [sentence, ...rest] = stderr.slice(stderr.lastIndexOf('✖')).trimEnd().split('\n');
      expect(sentence).toBe(
        '✖ Release 2 was not put into service and release 1 goes on serving: its engine asked for 19.5 GiB of memory at once, and 3.0 GiB were free.',
      );
      expect(rest.map((line) => line.trim())).toEqual([
        '│ llama_model_load: error loading model: unable to allocate CUDA0 buffer',
        `try: berth capacity --host rig1 --name card`,
        'berth deploy --host rig1 --name card --model nano --engine llama-cpp --context 1024',
      ]);
      expect(code).toBe(5);
      const {value} = await berth.json(...wish);
      expect(value).toMatchObject({
        error: {
          ...{code: 'deploy_failed', exit: 5},
          details: {
            ...{knownCause: 'out_of_memory', serving: 1},
            ...{askedBytes: mib(20_000), freeBytes: mib(3072)},
          },
        },
      });
      expect(await ok('status', ...here)).toMatchObject({state: 'serving', release: 1});
      expect(await berth.run('chat', '--once', 'Hello!', ...here)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('stand-in') as string,
      });
      await host().gpu.set({engine_mib: ENGINE_MIB});
    },
    STEP_MS,
  );

  it(
    'is started on by one deploy after the other: the second plans with what the first has taken',
    async () => {
      // Room for one more beside the first release: each takes 700 MiB, and what is left then is too little.
      await host().gpu.set({engine_mib: ENGINE_MIB, other_mib: 24_564 - 434 - ENGINE_MIB - 1200});
      const deploy = (name: string, port: number) =>
        berth.json(...nano, '1024', '--host', 'rig1', '--name', name, '--port', String(port));
      const both = await Promise.all([deploy('first', 8081), deploy('second', 8082)]);
      const codes = both.map(({code}) => code).toSorted();
      expect(codes, JSON.stringify(both.map(({value}) => value))).toEqual([0, 5]);
      const refused = both.find(({code}) => code === 5)?.value;
      expect(refused).toMatchObject({
        error: {code: 'does_not_fit', details: {freeBytes: mib(1200 - ENGINE_MIB)}},
      });
    },
    STEP_MS,
  );

  const host = () => rig.hosts[0];
  const ok = async (...argv: string[]): Promise<Record<string, unknown>> => {
    const {code, value, stderr} = await berth.json(...argv);
    expect(code, `${argv.join(' ')}\n${JSON.stringify(value)}\n${stderr}`).toBe(0);
    return value;
  };
});
