import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {capacitySchema} from '../../../src/capacity/index.ts';
import {openBerth, type Berth} from '../../support/berth.ts';
import {until} from '../../contract/hosts/world.ts';

/** What a person sees of a deployment's watch: its history, and what happens now. */
describe('a deployment that is watched', () => {
  let berth: Berth;

  beforeAll(async () => {
    berth = await openBerth();
    expect((await berth.json('deploy', '--model', 'nano')).code).toBe(0);
    await berth.ask('Hello!');
  });
  afterAll(() => berth[Symbol.asyncDispose]());

  it('has a history in its capacity report, which adds up', async () => {
    const history = await until('the request in the history', async () => {
      const {value, code} = await berth.json('capacity', '--since', '1h');
      expect(code).toBe(0);
      const {history: told} = capacitySchema.parse(value);
      return told && told.requests.ok > 0 && told.tenants[0]?.kind === 'model' ? told : undefined;
    });
    expect(history.tenants[0]).toMatchObject({key: 'model', name: 'nano'});
    expect(history.model).toMatchObject({
      maxBytes: history.tenants[0]?.maxBytes,
      advice: {kind: 'too-little-seen', requests: 1},
    });
    expect(history.model?.maxBytes).toBeGreaterThan(10e6);
    const point = history.series.at(-1);
    const held = Object.values(point?.tenants ?? {}).reduce((sum, one) => sum + one, 0);
    expect(held).toBeGreaterThanOrEqual((point?.maxUsedBytes ?? Infinity) - 1024);
    expect(history.days).toHaveLength(1);
    expect(history.series.some(({tpot}) => (tpot?.count ?? 0) > 0)).toBe(true);
  });

  it('is told for a terminal in both languages, and written as a page that its owner alone may read', async () => {
    const {stdout} = await berth.run('capacity', '--since', '24h', '--lang', 'zh-CN');
    expect(stdout).toContain('谁在使用设备');
    expect(stdout).toContain('nano (模型)');
    const file = join(berth.home, 'report.html');
    expect(await berth.run('capacity', '--html', file)).toMatchObject({
      code: 0,
      stdout: `Report written to ${file}\n`,
    });
    expect(await readFile(file, 'utf8')).toContain('<svg viewBox');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('refuses a time that it cannot look back, a file that cannot be written, and another device', async () => {
    expect(await berth.json('capacity', '--since', '1s')).toMatchObject({
      code: 2,
      value: {error: {code: 'usage'}},
    });
    expect(await berth.json('capacity', '--html', join(berth.home, 'none/report.html'))).toMatchObject({
      code: 1,
      value: {error: {code: 'report_not_written'}},
    });
    expect(await berth.json('capacity', '--since', '1h', '--card', '0')).toMatchObject({
      code: 2,
      value: {error: {code: 'history_elsewhere'}},
    });
  });
});
