import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {openBerth, type Berth} from '../../support/berth.ts';

/** The whole path with the real engine and the built-in model, in the order that a person walks it. */
describe('from nothing to an answer and back', () => {
  let berth: Berth;
  beforeAll(async () => {
    berth = await openBerth();
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
  });

  it('says that nothing is deployed, and what to type', async () => {
    const {value} = await berth.json('status');
    expect(value).toMatchObject({
      schema: 'berth.status/1',
      state: 'absent',
      deployment: 'default',
      host: 'local',
    });
    const {code, stderr} = await berth.run('stop');
    expect(code).toBe(1);
    expect(stderr).toContain('berth deploy');
  });

  it('plans without touching anything', async () => {
    const {code, value} = await berth.json('deploy', '--model', 'nano', '--dry-run');
    expect(code).toBe(0);
    expect(value).toMatchObject({outcome: 'planned', model: 'nano', standIn: true});
    await expect(stat(join(berth.home, '.local/state/berth/default/releases'))).rejects.toThrow('ENOENT');
  });

  it('deploys', async () => {
    const {code, value, stderr} = await berth.json('deploy', '--model', 'nano');
    expect(stderr).not.toContain('"status":"failed"');
    expect(code).toBe(0);
    expect(value).toMatchObject({
      schema: 'berth.deploy/1',
      outcome: 'deployed',
      release: 1,
      model: 'nano',
      standIn: true,
      engine: 'embedded',
      runtime: 'process',
      url: berth.url,
      ladder: 'fresh',
    });
    expect(value.firstTokenMs).toBeGreaterThan(0);
    expect(value.measuredPeakBytes).toBeGreaterThan(1024 ** 2);
  });

  it('keeps the key in a private file, and nowhere else', async () => {
    const key = await berth.key();
    expect(key).toMatch(/^sk-berth-/);
    const {mode} = await stat(join(berth.home, '.config/berth/keys/local/default.key'));
    expect(mode & 0o777).toBe(0o600);
    const keys = await readFile(join(berth.home, '.local/state/berth/default/door/keys.json'), 'utf8');
    expect(keys).not.toContain(key);
    const {stdout} = await berth.run('logs', '--tail', '10000');
    expect(stdout).not.toContain(key);
  });

  it('answers in the language of the question', async () => {
    const english = await berth.ask('Hello!', {temperature: 0});
    expect(english.done).toBe(true);
    expect(english.content).toContain('This is Berth');
    expect((await berth.ask('你好', {temperature: 0})).content).toContain('替身');
  });

  it('tells its state for programs', async () => {
    const {value} = await berth.json('status');
    expect(value).toMatchObject({
      state: 'serving',
      url: berth.url,
      keyFile: join(berth.home, '.config/berth/keys/local/default.key'),
      model: 'nano',
      engine: 'embedded',
      runtime: 'process',
      release: 1,
      host: 'local',
      restarts: 0,
    });
  });

  it('is a no-op the second time', async () => {
    const before = await berth.json('status');
    const {code, value} = await berth.json('deploy', '--model', 'nano');
    expect(code).toBe(0);
    expect(value).toMatchObject({outcome: 'unchanged', release: 1});
    expect((await berth.json('status')).value.pids).toEqual(before.value.pids);
  });

  it('makes a new release of a changed setting, side by side', async () => {
    const {code, value} = await berth.json('deploy', '--model', 'nano', '--context', '2048');
    expect(code).toBe(0);
    expect(value).toMatchObject({outcome: 'deployed', release: 2, ladder: 'side-by-side'});
  });

  it('rolls back to what served before, and lists all of it', async () => {
    const {code, value} = await berth.json('rollback');
    expect(code).toBe(0);
    expect(value).toMatchObject({outcome: 'rolled-back', release: 1});
    const {value: list} = await berth.json('releases');
    expect(list).toMatchObject({
      serving: 1,
      releases: [{outcome: {state: 'served'}}, {outcome: {state: 'served'}}],
    });
    const nothing = await berth.json('rollback');
    expect(nothing).toMatchObject({code: 2, value: {error: {code: 'nothing_to_roll_back_to'}}});
    expect((await berth.json('rollback', '2')).value).toMatchObject({outcome: 'rolled-back', release: 2});
  });

  it('stops and starts again', async () => {
    expect((await berth.json('stop')).value).toMatchObject({outcome: 'stopped'});
    await expect(fetch(berth.url)).rejects.toThrow();
    expect((await berth.json('status')).value).toMatchObject({state: 'stopped', release: 2});
    expect((await berth.json('stop')).value).toMatchObject({outcome: 'unchanged'});
    expect((await berth.json('start')).value).toMatchObject({outcome: 'restarted', release: 2});
    expect((await berth.ask('Hello!')).done).toBe(true);
    expect((await berth.json('start')).value).toMatchObject({outcome: 'unchanged'});
  });
});
