import {execFile} from 'node:child_process';
import {stat} from 'node:fs/promises';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {readFlags} from '../../unit/engines/fixtures.ts';
import {needsLlamaServer} from '../../rig/llama-server.ts';
import {openBerth, type Berth} from '../../support/berth.ts';

const program = await needsLlamaServer();

describe.skipIf(program === undefined)('a deployment served by the real llama-server', () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await openBerth({
      BERTH_LLAMA_SERVER: program ?? '',
      BERTH_ENGINE: 'llama-cpp',
      BERTH_THREADS: '1',
    });
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
  });

  const post = async (
    path: string,
    body: object,
  ): Promise<{status: number; value: Record<string, unknown>}> => {
    const response = await fetch(berth.url + path, {
      method: 'POST',
      headers: {authorization: `Bearer ${await berth.key()}`, 'content-type': 'application/json'},
      body: JSON.stringify({model: 'nano', ...body}),
    });
    return {status: response.status, value: (await response.json()) as Record<string, unknown>};
  };

  it('has the flags that were recorded of it', async () => {
    const {stdout} = await promisify(execFile)(program ?? '', ['--help'], {maxBuffer: 2 ** 20});
    for (const flag of Object.keys(await readFlags('llama-cpp', 'flags-0c1e570.json'))) {
      expect(stdout).toContain(flag);
    }
  });

  it('deploys, through the same gate as any engine', async () => {
    const {code, value, stderr} = await berth.json(
      'deploy',
      '--model',
      'nano',
      '--context',
      '2048',
      '--concurrency',
      '2',
    );
    expect(stderr).not.toContain('"status":"failed"');
    expect(code).toBe(0);
    expect(value).toMatchObject({outcome: 'deployed', release: 1, engine: 'llama-cpp', ladder: 'fresh'});
    expect(value.measuredPeakBytes).toBeGreaterThan(1024 ** 2);
  });

  it('streams through the gateway', async () => {
    const answer = await berth.ask('Hello!', {temperature: 0});
    expect(answer.done).toBe(true);
    expect(answer.content).toContain("This is Berth's built-in stand-in model");
  });

  it('tells a prompt that is too long in OpenAI’s words, with both numbers', async () => {
    const content = 'harbour '.repeat(1000);
    const {status, value} = await post('/v1/chat/completions', {messages: [{role: 'user', content}]});
    expect(status).toBe(400);
    expect(value.error).toMatchObject({type: 'invalid_request_error', code: 'context_length_exceeded'});
    const {message} = value.error as {message: string};
    expect(message).toMatch(/maximum context length is 2048 tokens.* 80\d\d tokens/);
  });

  it('tells other refusals in OpenAI’s shape too', async () => {
    const messages = [{role: 'user', content: 'Hello!'}];
    const {status, value} = await post('/v1/chat/completions', {messages, temperature: 'warm'});
    expect(status).toBe(400);
    expect(value.error).toMatchObject({type: 'invalid_request_error', code: 'invalid_request'});
  });

  it('is healthy, its tokens counted and its memory attributed', async () => {
    const {code, value} = await berth.json('health');
    expect(value).toMatchObject({state: 'healthy'});
    expect(code).toBe(0);
  });

  it('keeps the engine’s secret out of every command line', async () => {
    const {stdout} = await promisify(execFile)('ps', ['-eo', 'args']);
    const line = stdout
      .split('\n')
      .find((args) => args.includes(berth.home) && args.includes('--alias nano'));
    expect(line).toContain('--metrics');
    expect(line).not.toMatch(/key|token/i);
  });

  it('goes from engine to engine and back without an outage of its own making', async () => {
    const second = await berth.json('deploy', '--model', 'nano', '--engine', 'embedded');
    expect(second.value).toMatchObject({outcome: 'deployed', release: 2, engine: 'embedded'});
    const back = await berth.json('rollback');
    expect(back.value).toMatchObject({outcome: 'rolled-back', release: 1, engine: 'llama-cpp'});
    expect((await berth.ask('你好', {temperature: 0})).content).toContain('替身');
  });

  it('says why a start failed, in its own words, and serves on', async () => {
    const other = await openBerth({BERTH_LLAMA_SERVER: '/nowhere/llama-server', BERTH_ENGINE: 'llama-cpp'});
    await using _closed = other;
    const {code, stderr} = await other.run('deploy', '--model', 'nano');
    expect(code).toBe(2);
    expect(stderr).toContain('BERTH_LLAMA_SERVER');
    await expect(stat(`${other.home}/.cache/berth/weights`)).rejects.toThrow('ENOENT');
  });
});
