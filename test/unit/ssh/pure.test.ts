import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {judgeKey} from '../../../src/hosts/ssh/enrol.ts';
import {knownKeys, type HostKey} from '../../../src/hosts/ssh/host-key.ts';
import {orderOffers} from '../../../src/hosts/ssh/keychain.ts';
import {commandLine} from '../../../src/hosts/ssh/quote.ts';
import {judge} from '../../../src/hosts/ssh/remote-docker.ts';
import {parseFacts, remoteStateRoot} from '../../../src/hosts/ssh/remote-facts.ts';
import {holderIn} from '../../../src/hosts/ssh/remote-ports.ts';
import {findRoute, hopName} from '../../../src/hosts/ssh/route.ts';
import {readSshConfig} from '../../../src/hosts/ssh/ssh-config.ts';
import {readTarget} from '../../../src/hosts/ssh/target.ts';
import {temporaryFolder} from '../../support/temporary.ts';

describe('a command line', () => {
  it('quotes whatever a shell would read as more than a word', () => {
    expect(commandLine(['docker', 'system', 'dial-stdio'])).toBe(`exec 'docker' system dial-stdio`);
    expect(commandLine(['a=b', "it's", '', '$x'])).toBe(`exec 'a=b' 'it'\\''s' '' '$x'`);
  });
});

describe('a target', () => {
  it.each([
    ['ssh://me@10.0.0.7:2222', {user: 'me', address: '10.0.0.7', port: 2222}],
    ['ssh://me@10.0.0.7/', {user: 'me', address: '10.0.0.7'}],
    ['me@box', {user: 'me', address: 'box'}],
    ['box', {address: 'box'}],
    ['ssh://[fe80::1]:22', {address: 'fe80::1', port: 22}],
  ])('%s', (text, target) => {
    expect(readTarget(text)).toEqual(target);
  });

  it.each([
    '',
    'ssh://',
    'http://x',
    'me:secret@box',
    'box:0',
    'box:70000',
    '-oProxyCommand=x',
    'a b',
    'x/y',
  ])('is not "%s"', (text) => {
    expect(readTarget(text)).toBeUndefined();
  });
});

const key = (letter: string, type = 'ssh-ed25519'): HostKey => ({type, fingerprint: `SHA256:${letter}`});

describe('trust in a host key', () => {
  const none = {trusted: [], revoked: []};
  const a = key('a');
  it.each([
    ['asks about a new key', {shown: a, known: none, fingerprints: [], last: true}, 'ask'],
    [
      'takes a fingerprint that was given',
      {shown: a, known: none, fingerprints: ['SHA256:a'], last: true},
      'trust',
    ],
    [
      'refuses another than was given',
      {shown: a, known: none, fingerprints: ['SHA256:b'], last: true},
      'refuse',
    ],
    [
      'still asks about what ssh trusts, for the host itself',
      {shown: a, known: {...none, trusted: [a]}, fingerprints: [], last: true},
      'ask',
    ],
    [
      'takes what ssh trusts on the way',
      {shown: a, known: {...none, trusted: [a]}, fingerprints: ['SHA256:z'], last: false},
      'trust',
    ],
    [
      'refuses what ssh knows otherwise',
      {shown: a, known: {...none, trusted: [key('b')]}, fingerprints: [], last: true},
      'refuse',
    ],
    [
      'asks when ssh knows only a key of another kind',
      {shown: a, known: {...none, trusted: [key('b', 'ssh-rsa')]}, fingerprints: [], last: true},
      'ask',
    ],
    [
      'refuses a revoked key, whoever vouches',
      {shown: a, known: {...none, revoked: [a]}, fingerprints: ['SHA256:a'], last: true},
      'refuse',
    ],
  ] as const)('%s', (_name, seen, kind) => {
    expect(judgeKey(seen).kind).toBe(kind);
  });
});

describe('known_hosts', () => {
  const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIA8UnPs8U1gFtTzk0cPMjZ1vBKsnlUeQNOBpW+BgRqZT';
  // Made by ssh-keygen -H for the name "rig.example".
  const text = [
    '# a comment',
    `|1|A7NCvPqfU81yVgSWGLB9tuZLUJ8=|s1eINBUjmI7YkTeo75PkzyEeFO8= ssh-ed25519 ${blob}`,
    `box,10.0.0.7 ssh-ed25519 ${blob}`,
    `[box]:2222 ssh-ed25519 ${blob}`,
    `*.lab,!bad.lab ssh-ed25519 ${blob}`,
    `@revoked gone ssh-ed25519 ${blob}`,
    `@cert-authority ca ssh-ed25519 ${blob}`,
    'short ssh-ed25519 AAAA',
  ].join('\n');

  it('is searched by name, address, port and pattern', () => {
    const count = (host: string, port = 22): [number, number] => {
      const {trusted, revoked} = knownKeys(text, host, port);
      return [trusted.length, revoked.length];
    };
    expect(['box', 'BOX', '10.0.0.7', 'x.lab', 'rig.example'].map((host) => count(host))).toEqual(
      Array(5).fill([1, 0]),
    );
    expect(['bad.lab', 'ca', 'short', 'other'].map((host) => count(host))).toEqual(Array(4).fill([0, 0]));
    expect(count('gone')).toEqual([0, 1]);
    expect([count('box', 2222), count('10.0.0.7', 2222)]).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(knownKeys(text, 'box', 22).trusted[0]).toMatchObject({
      type: 'ssh-ed25519',
      fingerprint: expect.stringMatching(/^SHA256:.{43}$/) as string,
    });
  });
});

describe('the way to a host', () => {
  async function routeOf(config: string, target: string): Promise<string[]> {
    await using home = await temporaryFolder();
    await mkdir(join(home.path, '.ssh'));
    await writeFile(join(home.path, '.ssh/config'), config);
    const env = {HOME: home.path, USER: 'me'};
    const wanted = readTarget(target);
    if (!wanted) throw new Error(target);
    return findRoute(wanted, await readSshConfig(env), env).map(hopName);
  }

  it('is what ssh would take', async () => {
    expect(await routeOf('', 'box')).toEqual(['me@box:22']);
    expect(await routeOf('Host box\n User u\n Port 7\n HostName %h.lab', 'box')).toEqual(['u@box.lab:7']);
    expect(await routeOf('Host box\n User u\n Port 7', 'ssh://v@box:8')).toEqual(['v@box:8']);
    expect(await routeOf('Host box\n ProxyJump a,ssh://b@c:9\nHost a\n ProxyJump d', 'box')).toEqual([
      'me@d:22',
      'me@a:22',
      'b@c:9',
      'me@box:22',
    ]);
    expect(await routeOf('Host box\n ProxyJump none\nHost *\n ProxyJump x', 'box')).toEqual(['me@box:22']);
  });

  it('does not go round in circles, nor through programs', async () => {
    await expect(routeOf('Host a\n ProxyJump b\nHost b\n ProxyJump a', 'a')).rejects.toMatchObject({
      code: 'ssh_jump_invalid',
    });
    await expect(routeOf('Host a\n ProxyCommand nc %h %p', 'a')).rejects.toMatchObject({
      code: 'ssh_proxy_command',
    });
  });
});

describe('keys', () => {
  const made = (name: string) => ({publicKey: {getPublicSSH: () => Buffer.from(name)}, name});
  const file = (name: string, named: boolean, kind = 'open') => ({...made(name), named, state: {kind}});
  const order = (...args: Parameters<typeof orderOffers<ReturnType<typeof made>, ReturnType<typeof file>>>) =>
    orderOffers(...args).map(({agentKey, identity}) =>
      agentKey ? `agent ${agentKey.name}` : `file ${identity.name}`,
    );

  it('are offered those first that somebody named, from the agent where it has them', () => {
    const files = [
      file('default', false),
      file('named', true),
      file('both', true),
      file('pub', true, 'public-only'),
    ];
    const held = [made('other'), made('both')];
    expect(order(files, held, false)).toEqual(['file named', 'agent both', 'agent other', 'file default']);
    expect(order(files, held, true)).toEqual(['file named', 'agent both', 'file default']);
    expect(order([file('pub', true, 'public-only')], [made('pub')], true)).toEqual(['agent pub']);
  });
});

describe('what a host tells', () => {
  const told =
    'Welcome!\nuid=1000\nuser=ops\nhome=/home/ops\nstate=\ncache=\ndocker=\nhostname=rig1\nsystem=Linux\nrelease=6.1\narch=aarch64\nos=Debian 12\n';
  it('becomes facts, a greeting notwithstanding', () => {
    expect(parseFacts(told)).toMatchObject({user: 'ops', platform: 'linux', arch: 'arm64', os: 'Debian 12'});
    expect(parseFacts('Windows says no')).toBeUndefined();
  });

  it('decides where state is kept', () => {
    const root = (uid: number, stateHome?: string) => remoteStateRoot({uid, home: '/home/ops', stateHome});
    expect([root(0), root(1000), root(1000, '/s')]).toEqual([
      '/var/lib/berth',
      '/home/ops/.local/state/berth',
      '/s/berth',
    ]);
  });

  it('names the program at a port', () => {
    const sockets = [
      'LISTEN 0 4096 127.0.0.1:8080 0.0.0.0:* users:(("docker-proxy",pid=71,fd=4))',
      'LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=9,fd=3),("sshd",pid=10,fd=3))',
      'LISTEN 0 128 0.0.0.0:25 0.0.0.0:*',
    ].join('\n');
    expect(holderIn(sockets, '127.0.0.1', 8080)).toEqual({pid: 71, name: 'docker-proxy'});
    expect(holderIn(sockets, '0.0.0.0', 22)).toEqual({pid: 9, name: 'sshd'});
    expect(holderIn(sockets, '10.0.0.7', 8080)).toEqual({});
    expect(holderIn(sockets, '127.0.0.1', 25)).toEqual({});
  });

  it.each([
    [['installed', 'socket-closed'], 'forbidden'],
    [['socket-closed'], 'forbidden'],
    [['installed', 'socket-closed', 'sudo'], 'not-running'],
    [['installed'], 'not-running'],
    [['sudo'], 'missing'],
    [[], 'missing'],
  ])('means of Docker, when it says %j: %s', (words, kind) => {
    expect(judge(new Set(words), 'ops').kind).toBe(kind);
  });
});
