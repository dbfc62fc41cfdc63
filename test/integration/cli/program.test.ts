import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {describe, expect, it} from 'vitest';
import {temporaryFolder} from '../../support/temporary.ts';

const ROOT = join(import.meta.dirname, '../../..');
const RUN = join(ROOT, 'bin/run.js');

interface Options {
  node?: string;
  program?: string;
  cwd: string;
  env?: NodeJS.ProcessEnv;
}

async function run(
  argv: readonly string[],
  {node = process.execPath, program = RUN, cwd, env = {}}: Options,
): Promise<{code: number | null; stdout: string; stderr: string}> {
  const child = spawn(node, [program, ...argv], {
    cwd,
    env: {PATH: process.env.PATH, HOME: cwd, LANG: 'C', ...env},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return {code, stdout, stderr};
}

/** A Node of the machine that is too old for Berth, as `npm start` must cope with. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (path) =>
    existsSync(path) && Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'])) < 24,
);
if (oldNode === undefined) console.log('skipped: a Node of the system that is older than 24');

describe('the program', () => {
  it.each([['--version'], ['-v'], ['version']])('%s is one line', async (flag) => {
    await using home = await temporaryFolder();
    expect(await run([flag], {cwd: home.path})).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^berth \d+\.\d+\.\d+\n$/) as string,
      stderr: '',
    });
  });

  it('helps, in the language that is asked for', async () => {
    await using home = await temporaryFolder();
    const english = await run([], {cwd: home.path});
    expect(english).toMatchObject({code: 0, stderr: ''});
    expect(english.stdout).toMatch(/\nCOMMANDS\n {2}\w+/);
    const chinese = await run(['chat', '--help', '--lang', 'zh-CN'], {cwd: home.path});
    expect(chinese).toMatchObject({code: 0, stderr: ''});
    expect(chinese.stdout).toMatch(
      /与已部署的模型对话。[^]*\n用法\n[^]*\n选项\n[^]*\n全局选项\n[^]*\n示例\n/,
    );
    expect((await run(['help', 'config', 'check'], {cwd: home.path})).stdout).toContain(
      'config check other.yaml',
    );
    expect((await run(['config'], {cwd: home.path})).stdout).toMatch(/config check {2}/);
  });

  it.each([
    [['chatt'], 'There is no command "chatt".', 'berth chat'],
    [['chatt', '--help'], 'There is no command "chatt".', 'berth chat'],
    [['config', 'chek'], 'There is no command "config chek".', 'berth config check'],
    [['logs', '--folow'], '"berth logs" has no flag --folow.', 'berth logs --follow'],
    [['logs', '--tail', 'x'], '"x" is not a whole number.', 'berth logs --help'],
    [['logs', '--tail', '-1'], 'of at least 0', 'berth logs --help'],
    [['logs', '--name'], '--name needs a value.', 'berth logs --help'],
    [['logs', '--name', 'Bad Name'], '--name cannot be "Bad Name".', undefined],
    [
      ['chat', '--preset', 'x'],
      '--preset cannot be "x". Allowed: content, knowledge, review.',
      'berth chat --help',
    ],
    [['config', 'check', 'a', 'b'], 'does not know what to do with "b"', 'berth config check --help'],
  ])('answers %j with usage, 2 and what was meant', async (argv, message, hint) => {
    await using home = await temporaryFolder();
    const plain = await run(argv, {cwd: home.path});
    expect(plain.code).toBe(2);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toContain(message);
    if (hint !== undefined) expect(plain.stderr).toContain(`: ${hint}\n`);
    expect(plain.stderr.split('\n').length).toBeLessThan(8);
    const json = await run([...argv, '--json'], {cwd: home.path});
    const {error} = JSON.parse(json.stdout) as {error: Record<string, unknown>};
    expect(error).toMatchObject({code: 'usage', exit: 2});
    expect(Object.keys(error).toSorted()).toEqual(['code', 'details', 'exit', 'message', 'try']);
  });

  it('takes flags from variables', async () => {
    await using home = await temporaryFolder();
    writeFileSync(join(home.path, 'other.yaml'), 'model: nano\n');
    const env = {BERTH_CONFIG: 'other.yaml', BERTH_JSON: '1'};
    const {code, stdout} = await run(['config', 'check'], {cwd: home.path, env});
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      file: join(home.path, 'other.yaml'),
      settings: {model: 'nano'},
    });
  });

  it('ends quietly when nobody reads on', async () => {
    await using home = await temporaryFolder();
    const child = spawn(process.execPath, [RUN, 'config', 'check'], {
      cwd: home.path,
      env: {PATH: process.env.PATH, HOME: home.path, LANG: 'C'},
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const stderr = text(child.stderr);
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(await stderr).toBe('');
  });

  it('says what to install where there is no Node that can run it', async () => {
    await using elsewhere = await temporaryFolder();
    mkdirSync(join(elsewhere.path, 'bin'));
    cpSync(RUN, join(elsewhere.path, 'bin/run.js'));
    cpSync(join(ROOT, 'package.json'), join(elsewhere.path, 'package.json'));
    const wrapper = join(elsewhere.path, 'old.js');
    // An old Node as this program sees it: by its version.
    writeFileSync(
      wrapper,
      `Object.defineProperty(process.versions, 'node', {value: '20.1.0'}); process.argv.splice(1, 1); import('./bin/run.js');`,
    );
    const result = await run(['run.js', 'status'], {program: wrapper, cwd: elsewhere.path});
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('needs Node 24.12 or newer; this is Node 20.1.0');
    expect(result.stderr).toContain('try: npm install --global node@24');
  });
});

describe.skipIf(oldNode === undefined)('on an old system Node', () => {
  it('runs on its own, passing arguments, output and exit code', async () => {
    await using home = await temporaryFolder();
    const good = await run(['config', 'check', '--json'], {node: oldNode ?? '', cwd: home.path});
    expect(good).toMatchObject({code: 0, stderr: ''});
    expect(JSON.parse(good.stdout)).toMatchObject({schema: 'berth.config/1'});
    expect((await run(['nonsense'], {node: oldNode ?? '', cwd: home.path})).code).toBe(2);
    expect((await run(['--version'], {node: oldNode ?? '', cwd: home.path})).stdout).toMatch(/^berth /);
  });

  it('works through a link, as npx makes it', async () => {
    await using home = await temporaryFolder();
    const link = join(home.path, 'berth');
    symlinkSync(RUN, link);
    expect((await run(['config', 'check'], {node: oldNode ?? '', program: link, cwd: home.path})).code).toBe(
      0,
    );
  });

  it('passes signals on', async () => {
    await using home = await temporaryFolder();
    // A conversation on an open pipe waits until it is ended; a closed port would end it before that.
    const {createServer} = await import('node:http');
    const server = createServer((_request, response) => response.end('{"data":[{"id":"m"}]}')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const child = spawn(oldNode ?? '', [RUN, 'chat', '--url', `http://127.0.0.1:${address.port}`], {
      cwd: home.path,
      env: {PATH: process.env.PATH, HOME: home.path, LANG: 'C'},
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.write('/help\n');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([130, null]);
    server.close();
  });
});
