import {mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {BerthError, ExitCode} from '../../../src/base/errors.ts';
import {nearest} from '../../../src/base/nearest.ts';
import {textsFor} from '../../../src/base/texts/index.ts';
import {renderError, tellError, type ErrorTelling} from '../../../src/cli/tell-error.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-cli-'));
});
afterEach(() => rm(folder, {recursive: true}));

const failure = new BerthError({
  code: 'engine_failed',
  what: (t) => t.cli.interrupted,
  why: () => 'out of memory\non a small machine',
  try: ['berth plan', 'berth stop'],
  lastLines: ['line one', 'line two'],
  exit: ExitCode.doesNotFit,
  details: {neededBytes: 5},
});

async function tell(
  thrown: unknown,
  more: Partial<ErrorTelling> = {},
): Promise<{exit: number; out: string; err: string}> {
  let out = '';
  let err = '';
  const exit = await tellError(thrown, {
    language: 'en',
    json: false,
    stateFolder: folder,
    interrupted: false,
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
    ...more,
  });
  return {exit, out, err};
}

describe('telling an error', () => {
  it('says what, why, the lines that matter, and what next', async () => {
    const {exit, out, err} = await tell(failure);
    expect({exit, out}).toEqual({exit: 5, out: ''});
    expect(err).toBe(
      [
        '✖ Interrupted.',
        '  out of memory',
        '  on a small machine',
        '  │ line one',
        '  │ line two',
        '  try: berth plan',
        '       berth stop',
        '',
      ].join('\n'),
    );
  });

  it('keeps the commands under one another in Chinese', () => {
    expect(renderError(failure, textsFor('zh-CN'))).toContain(
      '  可以试试： berth plan\n             berth stop\n',
    );
  });

  it('is English JSON on stdout with --json, whatever the language', async () => {
    const {out, err} = await tell(failure, {json: true, language: 'zh-CN'});
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual({
      error: {
        code: 'engine_failed',
        message: 'Interrupted.',
        why: 'out of memory\non a small machine',
        try: ['berth plan', 'berth stop'],
        exit: 5,
        details: {neededBytes: 5},
        lastLines: ['line one', 'line two'],
      },
    });
  });

  it('tells a bug in one line, with a private log that holds the stack', async () => {
    const {exit, err} = await tell(new TypeError('x is not a function', {cause: new Error('deeper')}));
    expect(exit).toBe(ExitCode.bug);
    const [, log = ''] =
      /^✖ This is a bug in Berth: x is not a function: deeper \(debug log: (.*)\)\n$/.exec(err) ?? [];
    expect(await readFile(log, 'utf8')).toMatch(/TypeError: x is not a function\n\s+at /);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
  });

  it('shows the log itself when it cannot be written', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const {exit, err} = await tell(new Error('boom'), {stateFolder: file});
    expect(exit).toBe(70);
    expect(err).toContain('errors.test.ts');
    expect(err).toContain('ENOTDIR');
  });

  it('takes whatever an interrupted command threw for the interruption', async () => {
    expect(await tell(new DOMException('aborted', 'AbortError'), {interrupted: true})).toEqual({
      exit: 130,
      out: '',
      err: '✖ Interrupted.\n',
    });
    expect((await tell(failure, {interrupted: true})).exit).toBe(130);
    expect((await tell('a string')).exit).toBe(70);
  });
});

describe('nearest', () => {
  const commands = ['deploy', 'status', 'start', 'stop', 'capacity', 'config check', 'releases'];
  it.each([
    ['depoly', 'deploy'],
    ['statsu', 'status'],
    ['STOP', 'stop'],
    ['release', 'releases'],
    ['conifg check', 'config check'],
    ['xyz', undefined],
    ['', undefined],
  ])('to %j is %j', (typed, meant) => {
    expect(nearest(typed, commands)[0]).toBe(meant);
  });
});
