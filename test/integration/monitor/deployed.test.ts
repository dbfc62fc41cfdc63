import {execFile, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {capacitySchema} from '../../../src/capacity/index.ts';
import {openBerth, RUN, type Berth} from '../../support/berth.ts';
import {needs} from '../../support/needs.ts';
import {until} from '../../contract/hosts/world.ts';

const ON_TERMINAL = join(import.meta.dirname, '../../support/on_terminal.py');
const python = spawnSync('python3', ['--version']).status === 0;

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
    // The first day of the release: what its deploy measured, with the widest margin.
    const [expected] = history.forecast.tenants;
    expect(expected).toMatchObject({key: 'model', name: 'nano', days: 1, marginRatio: 0.15});
    expect(expected?.bytes).toBeGreaterThan((history.model?.maxBytes ?? Infinity) * 0.9);
    expect(history.forecast.leftBytes).toBeLessThan(point?.totalBytes ?? 0);
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

  it('is monitored as one look, as JSON and as text', async () => {
    const {value, code} = await berth.json('monitor', '--once');
    expect(code).toBe(0);
    const {sample} = value as {sample: {tenants: unknown[]}};
    expect(value.schema).toBe('berth.monitor/1');
    expect(sample.tenants[0]).toMatchObject({key: 'model', name: 'nano'});
    const {stdout} = await berth.run('monitor', '--once', '--lang', 'zh-CN');
    expect(stdout).toContain('nano (模型)');
    expect((await berth.run('monitor', '--once', '--plain')).stdout).toMatch(
      /^\d{4}-.* \| used .* nano \(model\)/,
    );
  });

  it.each([
    ['--json', (line: string) => (JSON.parse(line) as {sample: {atMs: number}}).sample.atMs],
    ['--plain', (line: string) => Date.parse(line.slice(0, 19))],
  ] as const)('is monitored a line a second with %s, until it is interrupted', async (flag, timeOf) => {
    const child = berth.spawn('monitor', flag);
    const ended = once(child, 'close');
    const times: number[] = [];
    if (!child.stdout) throw new Error('no stdout');
    for await (const line of createInterface({input: child.stdout})) {
      if (line.includes(' ! ')) continue;
      times.push(timeOf(line));
      if (times.length === 3) child.kill('SIGINT');
    }
    expect(await ended).toEqual([130, null]);
    const [first = 0, second = 0, third = 0] = times;
    expect(second).toBeGreaterThan(first);
    expect(third - first).toBeLessThan(30_000);
  });

  it.skipIf(!needs(python, 'python3'))(
    'is drawn on a terminal of 60 x 15 that is left as it was, by q and by Ctrl-C',
    async () => {
      const ends = [
        ['q', 0],
        [String.raw`\x03`, 130],
      ] as const;
      for (const [keys, code] of ends) {
        const {stdout, status} = await new Promise<{stdout: string; status: unknown}>((resolve) => {
          const argv = [ON_TERMINAL, '60', '15', keys, process.execPath, RUN, 'monitor'];
          execFile('python3', argv, {env: {...berth.env, TERM: 'xterm'}}, (error, text, complaint) =>
            resolve({stdout: text + complaint, status: error?.code ?? 0}),
          );
        });
        expect(stdout.startsWith('\u001b[?1049h\u001b[?25l')).toBe(true);
        expect(stdout.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
        expect(status).toBe(code);
        const last = stdout.split('\u001b[H').at(-1) ?? '';
        expect(last.split('\n').length).toBeLessThanOrEqual(15);
        expect(last).toContain('nano (model)');
      }
    },
  );
});
