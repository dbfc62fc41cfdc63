import {execFile, spawn, spawnSync, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {freePort, openBerth, type Berth} from '../../support/berth.ts';
import {needs} from '../../support/needs.ts';
import {openReceiver, type Receiver} from '../../support/receiver.ts';
import {until} from '../../contract/hosts/world.ts';

const FILES = join(import.meta.dirname, '../../../docs/monitoring');
const RULES = join(FILES, 'berth-alerts.yml');
const ALERTMANAGER = join(FILES, 'alertmanager.yml');
const PROGRAMS = ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool'];
const present = PROGRAMS.every((name) => spawnSync(name, ['--version']).status === 0);

interface Answer {
  status: string;
  error?: string;
  data: {result: {metric: Record<string, string>; value: [number, string]}[]};
}
/** What Alertmanager sends to a webhook. */
interface Notification {
  status: 'firing' | 'resolved';
  alerts: {status: string; labels: Record<string, string>; annotations: Record<string, string>}[];
}
interface Dashboard {
  panels: {title: string; targets: {expr: string}[]}[];
}

const INSTALL = 'Prometheus or Alertmanager (apt-get install prometheus prometheus-alertmanager)';

/** What the files in docs/monitoring claim, by Debian's own Prometheus that scrapes a real deployment. */
describe.skipIf(!needs(present, INSTALL))('Prometheus', () => {
  let berth: Berth;
  let receiver: Receiver;
  const programs: ChildProcess[] = [];
  let origin: string;

  beforeAll(async () => {
    berth = await openBerth();
    const wanted = join(berth.home, 'berth.yaml');
    await writeFile(wanted, 'model: nano\nobjectives:\n  ttft: 5min\n  tpot: 5min\n  errors: 50%\n');
    expect((await berth.json('deploy', '--config', wanted)).code).toBe(0);
    await berth.ask('Hello!');
    receiver = await openReceiver({path: '/alertmanager'});
    const [port, alertmanagerPort] = [await freePort(), await freePort()];
    const keyFile = join(berth.home, 'berth.key');
    await writeFile(keyFile, await berth.key(), {mode: 0o600});
    // The rules as they are, but for the time that a state must last.
    const rules = (await readFile(RULES, 'utf8')).replaceAll(/\bfor: \w+/g, 'for: 1s');
    await writeFile(join(berth.home, 'berth-alerts.yml'), rules);
    const config = (await readFile(join(FILES, 'prometheus.yml'), 'utf8'))
      .replace('scrape_interval: 15s', 'scrape_interval: 1s\n  evaluation_interval: 1s')
      .replace('/etc/prometheus/berth.key', keyFile)
      .replace('127.0.0.1:8080', `127.0.0.1:${berth.port}`)
      .replace('127.0.0.1:9093', `127.0.0.1:${alertmanagerPort}`);
    await writeFile(join(berth.home, 'prometheus.yml'), config);
    // The routes as they are, but for the time that they wait for more.
    const routes = (await readFile(ALERTMANAGER, 'utf8'))
      .replace('group_wait: 10s', 'group_wait: 1s')
      .replace('group_interval: 1m', 'group_interval: 1s')
      .replace('http://127.0.0.1:9000/alertmanager', receiver.url);
    await writeFile(join(berth.home, 'alertmanager.yml'), routes);
    origin = `http://127.0.0.1:${port}`;
    const start = (program: string, ...args: string[]): void =>
      void programs.push(spawn(program, [...args, '--log.level=error'], {stdio: 'inherit'}));
    start(
      'prometheus',
      `--config.file=${join(berth.home, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(berth.home, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    );
    start(
      'prometheus-alertmanager',
      `--config.file=${join(berth.home, 'alertmanager.yml')}`,
      `--storage.path=${join(berth.home, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
      // One that has no others to agree with.
      '--cluster.listen-address=',
    );
  });
  afterAll(async () => {
    for (const program of programs) {
      const ended = once(program, 'exit');
      program.kill();
      await ended;
    }
    await berth[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
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
    await promisify(execFile)('amtool', ['check-config', ALERTMANAGER]);
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

  it('has Alertmanager tell a webhook that the deployment is down, and that it is back', async () => {
    const about = (status: string): Promise<Notification> =>
      until(`a message of ${status}`, () => {
        const sent = receiver.received.map(({json}) => json as unknown as Notification);
        const found = sent.find((one) => one.status === status && one.alerts.some(isDown));
        return Promise.resolve(found);
      });
    const firing = await about('firing');
    expect(firing.alerts.find(isDown)).toMatchObject({
      status: 'firing',
      labels: {job: 'berth', severity: 'critical', instance: `127.0.0.1:${berth.port}`},
      annotations: {
        summary: `The gateway of 127.0.0.1:${berth.port} does not answer.`,
        next: 'berth status; berth logs gateway',
      },
    });
    expect((await berth.json('start')).code).toBe(0);
    expect((await about('resolved')).alerts.find(isDown)).toMatchObject({status: 'resolved'});
    const told = receiver.received.map(({json}) => json as unknown as Notification);
    expect(told.filter(({status, alerts: all}) => status === 'firing' && all.some(isDown))).toHaveLength(1);
  });
});

const isDown = ({labels}: {labels: Record<string, string>}): boolean => labels.alertname === 'BerthDown';
