import {expect, test} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import {listeners} from '../../../src/hosts/local/port-holder.ts';
import {parseCommitted} from '../../../src/hosts/runtimes/supervisor/committed.ts';
import {cleanEnvironment} from '../../../src/hosts/runtimes/process/environment.ts';
import {fillArgv, fillEnvironment} from '../../../src/hosts/runtimes/supervisor/programs/placeholders.ts';
import {explainFailure} from '../../../src/hosts/runtimes/supervisor/client/failures.ts';
import {deploymentPaths} from '../../../src/hosts/runtimes/supervisor/paths.ts';
import {parseAnswer} from '../../../src/hosts/runtimes/supervisor/wire.ts';

test('programs get a small environment without the credentials of the caller', () => {
  const env = {
    PATH: '/bin',
    HTTPS_PROXY: 'http://proxy',
    BERTH_LANG: 'zh-CN',
    BERTH_API_KEY: 'sk-1',
    AWS_REGION: 'x',
    HF_TOKEN: 'y',
    npm_config_cache: 'z',
  };
  expect(cleanEnvironment(env)).toEqual({
    PATH: '/bin',
    HTTPS_PROXY: 'http://proxy',
    BERTH_LANG: 'zh-CN',
  });
});

test('port and token take their places', () => {
  const access = {address: '127.0.0.1', port: 4321, token: 'secret'};
  expect(fillArgv(['serve', '--port={port}', '{token}', '{other}'], access)).toEqual([
    'serve',
    '--port=4321',
    'secret',
    '{other}',
  ]);
  expect(fillEnvironment({A: '{port}{port}', B: 'plain'}, access)).toEqual({A: '43214321', B: 'plain'});
});

test("the kernel's table of sockets tells who listens where", () => {
  const row = (local: string, state: string, inode: number): string =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1`;
  const table = [
    '  sl  local_address rem_address   st',
    row('0100007F:1F90', '0A', 11),
    row('00000000:0016', '0A', 12),
    row('0100007F:1F91', '01', 13),
    row('00000000000000000000000001000000:1F92', '0A', 14),
    row('0000000000000000FFFF00000100007F:1F93', '0A', 15),
    row('00000000000000000000000000000000:1F94', '0A', 16),
    '',
  ].join('\n');
  expect(listeners(table)).toEqual([
    {address: '127.0.0.1', port: 8080, inode: '11'},
    {address: '*', port: 22, inode: '12'},
    {address: '::1', port: 8082, inode: '14'},
    {address: '127.0.0.1', port: 8083, inode: '15'},
    {address: '*', port: 8084, inode: '16'},
  ]);
});

test('a watch is read where one was written, and its damage keeps nothing from being served', () => {
  const program = {argv: ['/node', '/program.ts'], env: {}};
  const committed = {
    engine: {...program, release: 1, model: 'm', healthPath: '/health', predictedPeakBytes: 1},
    gateway: {...program, url: 'http://127.0.0.1:1'},
    stopped: false,
  };
  // As an earlier version wrote it.
  expect(parseCommitted(JSON.stringify(committed))).toEqual(committed);
  const watched = {...committed, watch: program};
  expect(parseCommitted(JSON.stringify(watched))).toEqual(watched);
  expect(parseCommitted(JSON.stringify({...committed, watch: {argv: []}}))).toEqual(committed);
});

test('a committed state is taken whole or not at all', () => {
  const committed = {
    engine: {
      release: 1,
      model: 'm',
      healthPath: '/health',
      predictedPeakBytes: 5,
      argv: ['e'],
      env: {A: 'b'},
    },
    gateway: {url: 'http://127.0.0.1:8080', argv: ['g'], env: {}},
    stopped: false,
  };
  expect(parseCommitted(JSON.stringify(committed))).toEqual(committed);
  const damaged = [
    '',
    'null',
    '[]',
    JSON.stringify({...committed, stopped: 'no'}),
    JSON.stringify({...committed, engine: {...committed.engine, argv: []}}),
    JSON.stringify({...committed, engine: {...committed.engine, env: {A: 1}}}),
    JSON.stringify({...committed, gateway: {...committed.gateway, url: 'here'}}),
    JSON.stringify(committed).slice(0, -9),
  ];
  expect(damaged.map(parseCommitted)).toEqual(damaged.map(() => undefined));
});

test("a deployment's name cannot lead out of the state folder", () => {
  expect(deploymentPaths('/state', 'demo-1').folder).toBe('/state/demo-1');
  for (const name of ['..', '../x', 'a/b', '', '.hidden', 'x'.repeat(64)]) {
    expect(() => deploymentPaths('/state', name)).toThrow(
      expect.objectContaining({code: 'bad_deployment_name', exit: 2}),
    );
  }
});

test('dates come back as dates, and nothing else does', () => {
  const sent = {since: new Date(0), name: '1970-01-01T00:00:00.000Z', program: {at: new Date(1)}};
  expect(parseAnswer(JSON.stringify(sent))).toEqual(sent);
});

test('a taken port is told with its holder, in both languages', async () => {
  const holder = {address: '127.0.0.1', port: 8080, pid: 77, name: 'nginx'};
  const error = await explainFailure({code: 'port_taken', url: 'http://127.0.0.1:8080'}, () =>
    Promise.resolve(holder),
  );
  expect(error).toMatchObject({
    message: 'Port 8080 is taken by nginx (pid 77).',
    details: holder,
    try: ['berth deploy --port 8081'],
  });
  expect(textsFor('zh-CN').hosts.portTaken(holder)).toBe('端口 8080 已被 nginx 占用（进程号 77）。');
  expect(textsFor('zh-CN').hosts.portTaken({port: 80})).toBe('端口 80 已被其他程序占用。');
});
