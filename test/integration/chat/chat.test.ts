import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface, type Interface} from 'node:readline';
import {text} from 'node:stream/consumers';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {freePort} from '../../support/berth.ts';
import {needs} from '../../support/needs.ts';

const RUN = join(import.meta.dirname, '../../../bin/run.js');

let home = '';
let url = '';
let fake: ChildProcess;
let fakeLines: Interface;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'berth-chat-'));
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../fakes/chat/main.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  fake = child;
  fakeLines = createInterface(child.stdout);
  const [line] = (await once(fakeLines, 'line')) as [string];
  ({url} = JSON.parse(line) as {url: string});
});

afterAll(async () => {
  fake.kill();
  await rm(home, {recursive: true});
});

function start(argv: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<typeof spawnChat> {
  return spawnChat(['chat', '--url', url, ...argv], env);
}

const spawnChat = (argv: readonly string[], env: NodeJS.ProcessEnv) =>
  spawn(process.execPath, [RUN, ...argv], {
    env: {PATH: process.env.PATH, HOME: home, LANG: 'C', BERTH_KEY: 'sk-fake', ...env},
    cwd: home,
    stdio: ['pipe', 'pipe', 'pipe'],
  });

async function run(
  argv: readonly string[],
  {input = '', env = {}}: {input?: string; env?: NodeJS.ProcessEnv} = {},
): Promise<{code: number; stdout: string; stderr: string}> {
  const child = start(argv, env);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return {code, stdout, stderr};
}

describe('berth chat --once', () => {
  it('prints the answer and nothing else', async () => {
    const {code, stdout, stderr} = await run([
      '--once',
      'hello',
      '--temperature',
      '0.5',
      '--max-tokens',
      '20',
    ]);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(stdout).toBe('hello {"turns":1,"temperature":0.5,"max":20}\n');
  });

  it('measures with --json', async () => {
    const {code, stdout} = await run(['--once', '显存', '--json', '--system', 'Be brief.']);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toEqual({
      schema: 'berth.chat/1',
      answer: '显存 {"turns":2,"system":"Be brief."}',
      finishReason: 'stop',
      usage: {promptTokens: 7, completionTokens: 9},
      ttftMs: expect.any(Number) as number,
      model: 'fake-model',
    });
  });

  it('lets no answer steer the terminal', async () => {
    expect((await run(['--once', 'escape'])).stdout).toBe('a]0;owned[2Jb\n');
  });

  it.each([
    ['refuse', 1, 'request_refused', 'the prompt is too long'],
    ['busy', 4, 'request_refused', 'no engine'],
    ['cut', 4, 'answer_cut_off', undefined],
  ])('tells the failure of %s', async (question, exit, code, why) => {
    const result = await run(['--once', question, '--json']);
    expect(result.code).toBe(exit);
    expect(JSON.parse(result.stdout)).toMatchObject({error: {code, exit, ...(why !== undefined && {why})}});
  });

  it('tells a wrong key and a gateway that is not there', async () => {
    const wrong = await run(['--once', 'hello'], {env: {BERTH_KEY: 'sk-other'}});
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('does not accept this key');
    const closed = spawnChat(['chat', '--url', `http://127.0.0.1:${await freePort()}`, '--once', 'x'], {});
    const [stderr, [code]] = await Promise.all([
      text(closed.stderr),
      once(closed, 'close') as Promise<[number]>,
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/Nothing answers at http:.*\n {2}try: berth status/);
  });

  it('is ended by an interruption with 130, and leaves the gateway', async () => {
    const child = start(['--once', 'slow']);
    const stderr = text(child.stderr);
    await once(child.stdout, 'data');
    const gone = once(fakeLines, 'line');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await stderr).toBe('✖ Interrupted.\n');
    expect(await gone).toEqual(['client gone']);
  });
});

describe('a conversation from a pipe', () => {
  it('remembers, obeys commands, survives refusals, and is kept', async () => {
    const input = [
      'one',
      '/temperature 0.2',
      'refuse',
      'two',
      'long',
      '/save talk.md',
      '/nonsense',
      '/exit',
      'three',
    ];
    const {code, stdout} = await run([], {input: `${input.join('\n')}\n`});
    expect(code).toBe(0);
    expect(stdout).toContain('one {"turns":1}\n');
    expect(stdout).toContain('Temperature 0.2.');
    expect(stdout).toContain('the prompt is too long');
    expect(stdout).toContain('two {"turns":3,"temperature":0.2}\n');
    expect(stdout).toContain('(the longest answer allowed was reached)');
    expect(stdout).toContain('/history [N]');
    expect(stdout).not.toContain('three');
    expect(await readFile(join(home, 'talk.md'), 'utf8')).toContain('**user**\n\none\n\n**assistant**');

    const folder = join(home, '.local/state/berth/chat', new URL(url).host.replace(':', '-'));
    const [name = ''] = await readdir(folder);
    const kept = JSON.parse(await readFile(join(folder, name), 'utf8')) as {messages: {content: string}[]};
    expect(kept.messages.map(({content}) => content.split(' ')[0])).toEqual([
      'one',
      'one',
      'two',
      'two',
      'long',
      'long',
    ]);

    const later = await run([], {input: '/history\n/history 1\nfour\n/new\nfive\n/system Be kind.\nsix\n'});
    expect(later.stdout).toMatch(/1 {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}one\n/);
    expect(later.stdout).toContain('four {"turns":7,"temperature":0.2}');
    expect(later.stdout).toContain('five {"turns":1,"temperature":0.2}');
    expect(later.stdout).toContain('six {"turns":2,"temperature":0.2,"system":"Be kind."}');
  });

  it('goes on where it cannot be kept, and says so', async () => {
    const state = join(home, 'a-file');
    await writeFile(state, '');
    const {code, stdout} = await run([], {input: 'one\ntwo\n', env: {BERTH_STATE_HOME: state}});
    expect(code).toBe(0);
    expect(stdout).toContain('two {"turns":3');
    expect(stdout).toContain(`✖ ${state}/chat/`);
  });

  it('ends when the pipe ends, and speaks Chinese', async () => {
    const {code, stdout} = await run(['--lang', 'zh-CN'], {input: '/temperature 9\n'});
    expect(code).toBe(0);
    expect(stdout).toContain('温度应为 0 到 2 之间的数。');
  });

  it('has no JSON', async () => {
    const {code, stdout} = await run(['--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({error: {code: 'usage', try: ['berth chat --once "…" --json']}});
  });
});

const python = needs(await hasPython(), 'python3');

async function hasPython(): Promise<boolean> {
  const child = spawn('python3', ['-c', 'import pty']);
  child.on('error', () => undefined);
  const [code] = (await Promise.race([once(child, 'close'), once(child, 'error')])) as [unknown];
  return code === 0;
}

describe.skipIf(!python)('a conversation on a terminal', () => {
  it('stops an answer at Ctrl-C and goes on; twice at the prompt ends it', async () => {
    // Python's pty gives the program a real terminal; what is typed here goes through it.
    const child = spawn(
      'python3',
      [
        '-c',
        'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)',
        process.execPath,
        RUN,
        'chat',
        '--url',
        url,
      ],
      {
        env: {PATH: process.env.PATH, HOME: home, LANG: 'C', BERTH_KEY: 'sk-fake', TERM: 'xterm'},
        cwd: home,
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    let screen = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (screen += piece));
    const shows = async (expected: string): Promise<void> => {
      await expect.poll(() => screen, {timeout: 20_000}).toContain(expected);
    };
    await shows('> ');
    child.stdin.write('slow\r');
    await shows('tick tick');
    const gone = once(fakeLines, 'line');
    child.stdin.write('\u0003');
    await shows('(stopped)');
    expect(await gone).toEqual(['client gone']);
    screen = '';
    child.stdin.write('hello\r');
    await shows('hello {"turns":3}');
    child.stdin.write('\u0003');
    await shows('Ctrl-C again');
    child.stdin.write('\u0003');
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});
