import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {Readable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {describe, expect, it} from 'vitest';
import {openBerth} from '../../support/berth.ts';

describe('talking to a deployment, and reading its logs', () => {
  it('works with the real engine, by name and key of the deployment', async () => {
    await using berth = await openBerth();
    const nothing = await berth.json('chat', '--once', 'hello');
    expect(nothing).toMatchObject({
      code: 1,
      value: {error: {code: 'nothing_deployed', try: ['berth deploy']}},
    });

    expect(await berth.run('deploy', '--model', 'nano')).toMatchObject({code: 0});
    const answered = await berth.json('chat', '--once', 'hello', '--temperature', '0', '--max-tokens', '30');
    expect(answered.code).toBe(0);
    expect(answered.value).toMatchObject({model: 'nano', answer: expect.stringContaining('Berth') as string});
    const plain = await berth.run('chat', '--once', '你好', '--lang', 'zh-CN');
    expect(plain.stderr).toContain('替身模型');
    expect(plain.stdout.trim()).not.toBe('');

    const logs = await berth.run('logs', '--tail', '5');
    for (const program of ['gateway', 'supervisor', 'engine-1'])
      expect(logs.stdout).toContain(` ${program} `);
    const gateway = await berth.json('logs', 'gateway');
    const {lines} = gateway.value as {lines: {program: string}[]};
    expect(new Set(lines.map((line) => line.program))).toEqual(new Set(['gateway']));
    expect(await berth.run('logs', 'nobody')).toMatchObject({code: 0, stdout: '', stderr: 'No lines.\n'});
  });

  it('follows the logs until it is interrupted', async () => {
    await using berth = await openBerth();
    await berth.run('deploy', '--model', 'nano');
    const following = berth.spawn('logs', 'gateway', '--follow', '--tail', '0', '--json');
    const stderr = text(following.stderr ?? Readable.from([]));
    const lines = createInterface(following.stdout ?? Readable.from([]));
    const next = once(lines, 'line');
    // The follower may start after the first request: ask until it has seen one.
    const asking = new AbortController();
    const ask = async (): Promise<void> => {
      while (!asking.signal.aborted) await berth.ask('hello', {max_tokens: 2});
    };
    const asked = ask();
    const [line] = (await next) as [string];
    asking.abort();
    await asked;
    expect(JSON.parse(line)).toMatchObject({
      program: 'gateway',
      text: expect.stringContaining('req-') as string,
    });
    const after: string[] = [];
    lines.on('line', (more: string) => after.push(more));
    following.kill('SIGINT');
    expect(await once(following, 'close')).toEqual([130, null]);
    expect(await stderr).toBe('');
    for (const more of after) expect(JSON.parse(more)).toMatchObject({program: 'gateway'});
  });
});
