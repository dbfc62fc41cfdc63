import {createServer} from 'node:http';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import {gib, mib, ms, seconds} from '../../../src/base/units.ts';
import {
  decideContainer,
  decideDisk,
  decideDocker,
  decideLeftovers,
  decideNeighbours,
  decideReach,
  decideReachable,
  decideSkew,
  type Place,
} from '../../../src/health/doctor/host/decide.ts';
import {reach} from '../../../src/health/doctor/reach/reach.ts';
import type {OwnContainer} from '../../../src/hosts/index.ts';

const english = textsFor('en');

describe('a container that was given the card', () => {
  it('sees it', () => {
    const text = 'GPU 0: NVIDIA GeForce RTX 4090 D (UUID: GPU-1)\n';
    const found = decideContainer({state: 'printed', text});
    expect(found.state).toBe('pass');
    expect(found.say(english)).toContain('0: NVIDIA GeForce RTX 4090 D');
  });

  it.each([
    ['Failed to initialize NVML: Unknown Error\n', 'sudo systemctl restart docker'],
    ['', 'sudo systemctl restart docker'],
  ])('has lost it when it prints %j', (text, fix) => {
    const found = decideContainer({state: 'printed', text});
    expect(found).toMatchObject({state: 'fail', try: [fix]});
    expect(found.why?.(english)).toContain('reload');
  });

  it('cannot get it without the toolkit', () => {
    const message = 'could not select device driver "" with capabilities: [[gpu]]';
    const found = decideContainer({state: 'refused', message});
    expect(found.state).toBe('fail');
    expect(found.say(english)).toContain('toolkit is missing');
    expect(found.try?.[0]).toContain('nvidia-container-toolkit');
  });

  it('does not start for a reason that is told', () => {
    const found = decideContainer({state: 'refused', message: 'nvml error: driver not loaded\nmore'});
    expect(found.say(english)).toMatch(/driver not loaded$/);
  });
});

describe("a host's clock", () => {
  const asked = (hostMs: number, roundTrip = 200) =>
    decideSkew({askedMs: 1_000_000, answeredMs: 1_000_000 + roundTrip, hostMs}).state;
  it('is compared with the middle of the round trip, and never more exactly than half of that', () => {
    expect(asked(1_000_100)).toBe('pass');
    expect(asked(1_002_150)).toBe('pass');
    expect(asked(1_002_250)).toBe('warn');
    expect(asked(996_000)).toBe('warn');
    expect(asked(1_400_000)).toBe('fail');
    expect(asked(1_004_000, 8_000)).toBe('pass');
    expect(asked(1_008_000, 8_000)).toBe('pass');
  });
});

describe('what nobody keeps', () => {
  const container = (role: string, deployment: string, running = true): OwnContainer => ({
    ...{id: `${deployment}-${role}`, name: `berth-${deployment}-${role}`},
    ...{role, deployment, running},
  });
  it('is an engine or a gateway without a running supervisor', () => {
    const kept = [container('watch', 'a'), container('engine', 'a'), container('gateway', 'a')];
    expect(decideLeftovers(kept).state).toBe('pass');
    const orphans = [
      ...kept,
      container('engine', 'b'),
      container('watch', 'b', false),
      container('agent', 'c'),
    ];
    expect(decideLeftovers(orphans)).toMatchObject({state: 'warn', try: ['docker rm -f berth-b-engine']});
    expect(decideLeftovers([container('engine', 'd', false)]).state).toBe('pass');
  });

  it('is an engine whose container is not ours', () => {
    const own = [container('engine', 'a')];
    const inside = {pid: 7, name: 'llama-server', cgroup: '0::/system.slice/docker-a-engine.scope'};
    expect(decideNeighbours([inside], own).state).toBe('pass');
    const found = decideNeighbours([inside, {pid: 8, name: 'ollama', cgroup: '0::/user.slice'}], own);
    expect(found.state).toBe('warn');
    expect(found.say(english)).toContain('ollama (pid 8)');
  });
});

describe('room and system', () => {
  const places = (images: number): Place[] => [
    {use: 'state', folder: '/s', freeBytes: gib(5)},
    {use: 'images', folder: '/i', freeBytes: mib(images)},
    {use: 'weights', folder: '/w', freeBytes: gib(5)},
  ];
  it('names the folder that is full, and what frees it', () => {
    expect(decideDisk(places(2000)).state).toBe('pass');
    const found = decideDisk(places(10));
    expect(found).toMatchObject({state: 'fail', try: ['berth image prune', 'docker system df']});
    expect(found.say(english)).toContain('/i');
  });

  it('takes Linux alone, except that the own machine may have another Docker beside it', () => {
    const mac = {user: 'u', os: 'macOS', platform: 'darwin', latency: ms(1)};
    expect(decideReach({...mac, kind: 'local'}).state).toBe('pass');
    expect(decideReach({...mac, kind: 'ssh'}).state).toBe('fail');
    expect(decideReach({...mac, kind: 'ssh', platform: 'linux'}).state).toBe('pass');
  });

  it('takes Docker for Linux, and warns of one that copies every image', () => {
    const docker = {os: 'linux', version: '28.0', storageDriver: 'overlay2', rootFolder: '/var/lib/docker'};
    expect(decideDocker(docker).state).toBe('pass');
    expect(decideDocker({...docker, storageDriver: 'vfs'}).state).toBe('warn');
    expect(decideDocker({...docker, os: 'windows'}).state).toBe('fail');
  });
});

describe('addresses', () => {
  it('are asked side by side, with a deadline, and any answer counts', async () => {
    const refusing = createServer((_request, response) => response.writeHead(401).end()).listen(
      0,
      '127.0.0.1',
    );
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await Promise.all([once(refusing, 'listening'), once(silent, 'listening')]);
    const at = (server: typeof silent) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const found = await reach([at(refusing), at(silent), 'http://127.0.0.1:1'], ms(500));
      expect(found).toEqual([
        {origin: at(refusing), elapsedMs: expect.any(Number) as number},
        {origin: at(silent)},
        {origin: 'http://127.0.0.1:1'},
      ]);
    } finally {
      for (const server of [refusing, silent]) {
        server.closeAllConnections();
        server.close();
      }
    }
  });

  it('warn when none answers, and name those that do', () => {
    const silent = (t: typeof english, named: {limit: string}) => t.health.doctor.hubsSilent(named);
    const decide = (answers: Parameters<typeof decideReachable>[0]) =>
      decideReachable(answers, seconds(3), silent, ['fix']);
    expect(decide([{origin: 'https://a'}])).toMatchObject({state: 'warn', try: ['fix']});
    const found = decide([{origin: 'https://a'}, {origin: 'https://b', elapsedMs: 120}]);
    expect(found.state).toBe('pass');
    expect(found.say(english)).toBe('https://b in 120 ms');
  });
});
