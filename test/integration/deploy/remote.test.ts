/** The whole story of a deployment in containers, with the real command line: over SSH, and on this machine's Docker. */
import {execFile, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {rigImages} from '../../rig/image.ts';
import {needsDocker, openRig, RIG_START_MS, type Rig} from '../../rig/rig.ts';
import {berthImage} from '../../support/berth-image.ts';
import {freePort, openBerth, type Berth} from '../../support/berth.ts';

const STEP_MS = 300_000;

interface Place {
  berth: Berth;
  /** Flags that lead to the deployment. */
  where: readonly string[];
  url: string;
}

interface Told {
  url: string;
  keyFile: string;
}

async function answerAt({url, keyFile}: Told): Promise<string> {
  const key = (await readFile(keyFile, 'utf8')).trim();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {authorization: `Bearer ${key}`, 'content-type': 'application/json'},
    body: JSON.stringify({model: 'nano', stream: true, messages: [{role: 'user', content: 'Hello!'}]}),
  });
  return response.text();
}

/** The one object that `berth tunnel --json` prints when the way is open. */
async function told(child: ChildProcess): Promise<Told> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    if (text.endsWith('}\n')) return JSON.parse(text) as Told;
  }
  throw new Error(`berth tunnel ended: ${text}`);
}

async function interrupted(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGINT');
  return (await ended)[0];
}

const docker = await needsDocker();

describe.skipIf(docker)('berth deploy --host rig1', () => {
  let rig: Rig;
  let berth: Berth;
  let place: Place;

  beforeAll(async () => {
    rig = await openRig({hosts: 1});
    // Here it can be built; the command line sends what it finds here.
    await berthImage();
    const [host] = rig.hosts;
    berth = await openBerth({BERTH_BASE: (await rigImages()).base});
    // It would be the port of the tunnel too.
    delete berth.env.BERTH_PORT;
    const key = ['--identity', host.keyFile, '--host-key', await host.hostKeyFingerprint()];
    const added = await berth.run('host', 'add', 'rig1', `ssh://ops@${host.address}`, ...key);
    expect(added.code, added.stderr).toBe(0);
    place = {berth, where: ['--host', 'rig1', '--name', 'remote'], url: 'http://127.0.0.1:8080'};
  }, RIG_START_MS);
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  story(() => place, 8080);

  describe('from here', () => {
    beforeAll(async () => {
      const {code, stderr} = await berth.run('start', ...place.where);
      expect(code, stderr).toBe(0);
    }, STEP_MS);

    it(
      'is reached by the commands that status and deploy print',
      async () => {
        const {stdout} = await berth.run('status', ...place.where);
        expect(stdout).toContain('http://127.0.0.1:8080 (on rig1 alone)');
        expect(stdout).toContain('berth tunnel --host rig1 --name remote');
        const again = await berth.run('deploy', '--model', 'nano', '--engine', 'embedded', ...place.where);
        const [, printed = ''] = /\n {2}(berth chat [^\n]*)/.exec(again.stdout) ?? [];
        expect(printed).toBe("berth chat --host rig1 --name remote --once 'Hello!'");
        const program = `berth() { "${process.execPath}" "${process.cwd()}/bin/run.js" "$@"; }; ${printed}`;
        const chat = await promisify(execFile)('sh', ['-c', program], {env: berth.env});
        expect(chat.stdout).toContain('stand-in');
      },
      STEP_MS,
    );

    it(
      'is held fit by the doctor, who tries a container with the card (a double) and asks the hubs from there',
      async () => {
        const [host] = rig.hosts;
        await host.gpu.plugIn({driver: '580.65.06', cuda: '13.0'});
        const {code, value} = await berth.json('doctor', ...place.where);
        const {checks} = value as {checks: {name: string; state: string; message: string}[]};
        const of = (name: string) => checks.find((check) => check.name === name);
        expect(of('container')).toMatchObject({
          state: 'pass',
          message: expect.stringContaining('4090 D') as string,
        });
        expect(of('port')).toMatchObject({state: 'pass', message: '8080 is held by this deployment'});
        expect(of('leftovers')).toMatchObject({state: 'pass'});
        // The rig has no way out.
        expect(of('hubs')).toMatchObject({state: 'warn'});
        expect(of('registries')).toMatchObject({state: 'warn'});
        expect(code).toBe(0);
        await host.gpu.unplug();
      },
      STEP_MS,
    );

    it(
      'is reached through a tunnel until Ctrl-C, at the next port when 8080 is busy',
      async () => {
        const busy = createServer().listen(8080, '127.0.0.1');
        // Whoever else has it serves as well.
        await Promise.race([once(busy, 'listening'), once(busy, 'error').then(() => undefined)]).catch(
          () => undefined,
        );
        const child = berth.spawn('tunnel', ...place.where, '--json');
        try {
          const way = await told(child);
          expect(way).toMatchObject({
            schema: 'berth.tunnel/1',
            host: 'rig1',
            deployment: 'remote',
            remotePort: 8080,
          });
          expect(way.url).not.toBe('http://127.0.0.1:8080');
          expect(await answerAt(way)).toContain('[DONE]');
          expect(await interrupted(child)).toBe(130);
          await expect(answerAt(way)).rejects.toThrow();
        } finally {
          child.kill();
          busy.close();
        }
      },
      STEP_MS,
    );

    it(
      'leases RAM of the host to a container there, which takes its limit, and starts no plain command',
      async () => {
        const [host] = rig.hosts;
        const where = ['--host', 'rig1'];
        const image = await host.baseImage();
        const size = ['--ram', '64MiB', '--', 'docker', 'run', '--name', 'beside', image, 'sleep', '1000'];
        const added = await berth.json('lease', 'add', 'beside', ...where, ...size);
        expect(added.value.lease, added.stderr).toMatchObject({
          ...{device: 'cpu', tier: 'cgroup', tenant: 'running'},
          container: {name: 'beside'},
        });
        const {value} = await berth.json('capacity', ...place.where);
        const {tenants} = value as {tenants: {kind: string; name: string; usedBytes: number}[]};
        const lease = tenants.find(({kind}) => kind === 'lease');
        expect(lease).toMatchObject({name: 'beside', promisedBytes: 64 * 1024 ** 2, processes: 1});
        const plain = await berth.json(
          'lease',
          'add',
          'plain',
          ...where,
          '--ram',
          '1MiB',
          '--',
          'sleep',
          '1',
        );
        expect(plain.value.error).toMatchObject({code: 'lease_command_elsewhere', exit: 2});
        expect((await berth.run('lease', 'rm', 'beside', ...where)).code).toBe(0);
        await host.must(['docker', 'rm', '--force', 'beside']);
      },
      STEP_MS,
    );

    it('names who has the port that was asked for', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const {port} = server.address() as {port: number};
      const {code, value} = await berth.json('tunnel', ...place.where, '--port', String(port));
      server.close();
      expect({code, value}).toMatchObject({
        code: 1,
        value: {
          error: {
            code: 'port_taken',
            try: ['berth tunnel --host rig1 --name remote'],
            details: {port, pid: process.pid},
          },
        },
      });
    });

    it(
      'names the next command for this deployment, also after an error',
      async () => {
        const {value} = await berth.json('rollback', '99', ...place.where);
        expect(value).toMatchObject({error: {try: ['berth releases --host rig1 --name remote']}});
        const stopped = await berth.run('stop', ...place.where);
        expect(stopped.stdout).toContain('berth start --host rig1 --name remote');
        expect((await berth.run('status', ...place.where)).stdout).toContain(
          'berth start --host rig1 --name remote',
        );
      },
      STEP_MS,
    );
  });
});

describe.skipIf(docker)('berth deploy --host local --runtime docker', () => {
  let berth: Berth;
  let place: Place;
  let port: number;

  beforeAll(async () => {
    await berthImage();
    port = await freePort();
    berth = await openBerth({BERTH_BASE: (await rigImages()).base, BERTH_PORT: String(port)});
    // The machine's Docker is shared: a name of its own.
    const where = ['--name', `remote-${process.pid}`];
    place = {berth, where, url: `http://127.0.0.1:${port}`};
  }, RIG_START_MS);
  afterAll(async () => {
    await berth.run('stop', ...place.where);
    await berth[Symbol.asyncDispose]();
  });

  story(() => place, undefined);

  it('needs no tunnel', async () => {
    expect(await berth.json('tunnel', ...place.where, '--port', String(await freePort()))).toMatchObject({
      code: 2,
      value: {error: {code: 'tunnel_not_needed', details: {url: place.url}}},
    });
  });
});

/** Each step stands on the one before. `remotePort`: where the gateway is, when it is on another machine. */
function story(find: () => Place, remotePort: number | undefined): void {
  const deploy = ['deploy', '--model', 'nano', '--engine', 'embedded', '--runtime', 'docker'];
  const run = async (...argv: string[]): Promise<Record<string, unknown>> => {
    const {berth, where} = find();
    const {code, value, stderr} = await berth.json(...argv, ...where);
    expect(code, `${argv.join(' ')}\n${JSON.stringify(value)}\n${stderr}`).toBe(0);
    return value;
  };

  it(
    'deploys',
    async () => {
      expect(await run(...deploy)).toMatchObject({
        outcome: 'deployed',
        release: 1,
        ladder: 'fresh',
        runtime: 'docker',
      });
    },
    STEP_MS,
  );

  it(
    'answers through the gateway',
    async () => {
      const {berth, where} = find();
      if (remotePort === undefined) {
        const status = await run('status');
        expect(await answerAt(status as unknown as Told)).toContain('[DONE]');
        return;
      }
      const child = berth.spawn('tunnel', ...where, '--json', '--port', String(await freePort()));
      try {
        expect(await answerAt(await told(child))).toContain('[DONE]');
      } finally {
        await interrupted(child);
      }
    },
    STEP_MS,
  );

  it(
    'shows in status, health, capacity, monitor and logs',
    async () => {
      const {url} = find();
      expect(await run('status')).toMatchObject({state: 'serving', release: 1, url, runtime: 'docker'});
      expect(await run('health')).toMatchObject({state: 'healthy'});
      const capacity = await run('capacity');
      expect(capacity).toMatchObject({model: {usedBytes: expect.any(Number) as number}});
      expect(await run('monitor', '--once')).toMatchObject({
        sample: {device: {totalBytes: expect.any(Number) as number}},
      });
      expect(await run('capacity', '--since', '1h')).toMatchObject({history: {days: [{}]}});
      const {lines} = (await run('logs', 'engine-1')) as {lines: {program: string; text: string}[]};
      expect(lines.length).toBeGreaterThan(0);
      expect(new Set(lines.map(({program}) => program))).toEqual(new Set(['engine-1']));
    },
    STEP_MS,
  );

  it(
    'follows the logs until Ctrl-C',
    async () => {
      const {berth, where} = find();
      const child = berth.spawn('logs', '--follow', '--tail', '0', ...where, 'gateway');
      let heard = '';
      child.stdout?.on('data', (piece) => (heard += String(piece)));
      try {
        // It takes a moment until the host's logs are followed; what was asked before that is not told.
        while (heard === '' && child.exitCode === null) {
          expect((await berth.run('chat', '--once', 'Hello!', ...where)).code).toBe(0);
        }
        expect(heard).toContain('gateway');
        expect(await interrupted(child)).toBe(130);
      } finally {
        child.kill();
      }
    },
    STEP_MS,
  );

  it(
    'takes another context, goes back, and keeps the list of it',
    async () => {
      expect(await run(...deploy, '--context', '4096')).toMatchObject({outcome: 'deployed', release: 2});
      expect(await run('rollback')).toMatchObject({outcome: 'rolled-back', settings: {contextTokens: 8192}});
      const {releases} = (await run('releases')) as {releases: unknown[]};
      expect(releases.length).toBeGreaterThanOrEqual(2);
      expect(await run('status')).toMatchObject({state: 'serving'});
    },
    STEP_MS,
  );

  it(
    'stops, starts and stops',
    async () => {
      expect(await run('stop')).toMatchObject({outcome: 'stopped'});
      expect(await run('status')).toMatchObject({state: 'stopped'});
      expect(await run('start')).toMatchObject({outcome: 'restarted'});
      expect(await run('health')).toMatchObject({state: 'healthy'});
      expect(await run('stop')).toMatchObject({outcome: 'stopped'});
    },
    STEP_MS,
  );
}
