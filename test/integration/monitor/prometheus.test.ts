import {execFile, spawn, spawnSync, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {freePort, openBerth, type Berth} from '../../support/berth.ts';
import {needs} from '../../support/needs.ts';
import {until} from '../../contract/hosts/world.ts';

const FILES = join(import.meta.dirname, '../../../docs/monitoring');
const RULES = join(FILES, 'berth-alerts.yml');
const present = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0);

interface Answer {
  status: string;
  error?: string;
  data: {result: {metric: Record<string, string>; value: [number, string]}[]};
}
interface Dashboard {
  panels: {title: string; targets: {expr: string}[]}[];
}

/** What the files in docs/monitoring claim, by Debian's own Prometheus that scrapes a real deployment. */
describe.skipIf(!needs(present, 'Prometheus (apt-get install prometheus)'))('Prometheus', () => {
  let berth: Berth;
  let prometheus: ChildProcess;
  let origin: string;

  beforeAll(async () => {
    berth = await openBerth();
    const wanted = join(berth.home, 'berth.yaml');
    await writeFile(wanted, 'model: nano\nobjectives:\n  ttft: 5min\n  tpot: 5min\n  errors: 50%\n');
    expect((await berth.json('deploy', '--config', wanted)).code).toBe(0);
    await berth.ask('Hello!');
    const [port, keyFile] = [await freePort(), join(berth.home, 'berth.key')];
    await writeFile(keyFile, await berth.key(), {mode: 0o600});
    // The rules as they are, but for the time that a state must last.
    const rules = (await readFile(RULES, 'utf8')).replaceAll(/\bfor: \w+/g, 'for: 1s');
    await writeFile(join(berth.home, 'berth-alerts.yml'), rules);
    const config = (await readFile(join(FILES, 'prometheus.yml'), 'utf8'))
      .replace('scrape_interval: 15s', 'scrape_interval: 1s\n  evaluation_interval: 1s')
      .replace('/etc/prometheus/berth.key', keyFile)
      .replace('127.0.0.1:8080', `127.0.0.1:${berth.port}`);
    await writeFile(join(berth.home, 'prometheus.yml'), config);
    origin = `http://127.0.0.1:${port}`;
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(berth.home, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(berth.home, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      {stdio: 'inherit'},
    );
  });
  afterAll(async () => {
    const ended = once(prometheus, 'exit');
    prometheus.kill();
    await ended;
    await berth[Symbol.asyncDispose]();
  });

  const ask = async (query: string): Promise<Answer> =>
    (await (await fetch(`${origin}/api/v1/query?query=${encodeURIComponent(query)}`)).json()) as Answer;
  const valuesOf = async (query: string): Promise<Answer['data']['result']> => {
    const answer = await ask(query).catch(() => undefined);
    return answer?.status === 'success' ? answer.data.result : [];
  };
  const alerts = async (): Promise<{labels: {alertname: string}; state: string}[]> => {
    const answer = (await (await fetch(`${origin}/api/v1/alerts`)).json()) as {
      data: {alerts: {labels: {alertname: string}; state: string}[]};
    };
    return answer.data.alerts;
  };

  it('accepts the rules and the configuration', async () => {
    const {stdout} = await promisify(execFile)('promtool', ['check', 'rules', RULES]);
    expect(stdout).toMatch(/SUCCESS: 12 rules found/);
    await promisify(execFile)('promtool', [
      'check',
      'config',
      '--syntax-only',
      join(FILES, 'prometheus.yml'),
    ]);
  });

  it('scrapes the gateway, with what the watch measures', async () => {
    const held = await until('the model in Prometheus', async () => {
      const [found] = await valuesOf('berth_tenant_memory_used_bytes{kind="model"}');
      return found;
    });
    expect(held.metric).toMatchObject({job: 'berth', tenant: 'model', name: 'nano', uuid: 'cpu'});
    expect(Number(held.value[1])).toBeGreaterThan(10e6);
    const [sum] = await valuesOf('sum(berth_tenant_memory_used_bytes) / sum(berth_device_memory_used_bytes)');
    expect(Number(sum?.value[1])).toBeCloseTo(1, 2);
  });

  it('answers every question of the Grafana board, from series that are there', async () => {
    const {panels} = JSON.parse(await readFile(join(FILES, 'berth-dashboard.json'), 'utf8')) as Dashboard;
    // A rate needs two scrapes.
    await until('three scrapes', async () => {
      const found = await valuesOf('count_over_time(berth_tenant_memory_used_bytes{kind="model"}[1m]) >= 3');
      return found.length > 0 ? true : undefined;
    });
    // Told by cards only, or once something was refused.
    const maybe = ['Temperature', 'Power', 'Refused, by reason'];
    const empty: string[] = [];
    for (const {title, targets} of panels) {
      for (const {expr} of targets) {
        const query = expr
          .replaceAll('$__rate_interval', '1m')
          .replaceAll('$__range', '1m')
          .replaceAll('$instance', '.*');
        const answer = await ask(query);
        expect(answer, `${title}: ${answer.error ?? ''}`).toMatchObject({status: 'success'});
        if (answer.data.result.length === 0 && !maybe.includes(title)) empty.push(`${title}: ${query}`);
      }
    }
    expect(empty).toEqual([]);
    expect(panels.length).toBeGreaterThan(15);
  });

  it('has no alert of a deployment that is well, and fires when it is stopped', async () => {
    // A busy machine may be slow, and short of memory; neither is a fault.
    const allowed = ['BerthSlowTokens', 'BerthSlowFirstToken', 'BerthHeadroomLow'];
    const raised = (await alerts()).filter(({labels}) => !allowed.includes(labels.alertname));
    expect(raised.filter(({state}) => state === 'firing')).toEqual([]);
    expect((await berth.json('stop')).code).toBe(0);
    const down = await until('the alert', async () =>
      (await alerts()).find(({labels, state}) => labels.alertname === 'BerthDown' && state === 'firing'),
    );
    expect(down.labels).toMatchObject({job: 'berth', severity: 'critical'});
  });
});
