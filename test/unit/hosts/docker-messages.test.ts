import {Readable} from 'node:stream';
import {describe, expect, it} from 'vitest';
import {BerthError} from '../../../src/base/errors.ts';
import type {ProgressEvent} from '../../../src/base/progress.ts';
import {followBuild} from '../../../src/hosts/docker/images/build.ts';
import {readMessages} from '../../../src/hosts/docker/messages.ts';
import {readJsonLines} from '../../../src/hosts/docker/ndjson.ts';

const chunks = (text: string, size: number): Readable => {
  const whole = Buffer.from(text);
  const parts = Array.from({length: Math.ceil(whole.length / size)}, (_, at) =>
    whole.subarray(at * size, (at + 1) * size),
  );
  return Readable.from(parts);
};

const collect = async <T>(values: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
};

describe('lines of JSON', () => {
  it.each([1, 2, 3, 5, 1000])('survive chunks of %i bytes, characters split in the middle', async (size) => {
    const values = [{stream: '构建失败：磁盘已满 🚢'}, {n: 1}, {stream: 'é'}];
    const text = values.map((value) => JSON.stringify(value)).join('\r\n');
    expect(await collect(readJsonLines(chunks(text, size)))).toEqual(values);
  });

  it('show what is no JSON', async () => {
    await expect(collect(readJsonLines(chunks('{"a":1}\n<html>\n', 4)))).rejects.toThrow('<html>');
  });
});

const lines = (...values: object[]): Readable =>
  chunks(values.map((value) => JSON.stringify(value)).join('\n'), 7);

describe('messages of the engine', () => {
  it.each([
    {errorDetail: {code: 1, message: 'it failed'}, error: 'it failed'},
    {error: 'it failed'},
    {errorDetail: {message: 'it failed'}},
  ])('%o is a failure', async (last) => {
    await expect(collect(readMessages(lines({stream: 'ok'}, last, {stream: 'after'})))).rejects.toThrow(
      'it failed',
    );
  });
});

describe('a build', () => {
  const told = async (output: Readable): Promise<ProgressEvent[]> => {
    const events: ProgressEvent[] = [];
    await followBuild(output, {reference: 'berth/berth:1', progress: (event) => events.push(event)});
    return events;
  };

  it('tells its steps', async () => {
    const events = await told(
      lines(
        {stream: 'Step 1/2 : FROM x\n'},
        {stream: ' ---> 12\n'},
        {stream: 'Step 2/2 : COPY a b\n'},
        {aux: {ID: 'i'}},
      ),
    );
    expect(events.map(({status, current, total}) => [status, current, total])).toEqual([
      ['started', undefined, undefined],
      ['running', 1, 2],
      ['running', 2, 2],
      ['done', undefined, undefined],
    ]);
  });

  it('fails with the output of the step that failed, and of no other', async () => {
    const failing = told(
      lines(
        {stream: 'Step 1/2 : RUN one\n'},
        {stream: 'of one\n'},
        {stream: 'Step 2/2 : RUN two\n'},
        {stream: 'half a '},
        {stream: 'line\nlast'},
        {errorDetail: {message: 'returned a non-zero code: 3'}},
      ),
    );
    const error = await failing.catch((thrown: unknown) => thrown as BerthError);
    expect(error).toBeInstanceOf(BerthError);
    expect(error).toMatchObject({
      code: 'image_build_failed',
      exit: 1,
      lastLines: ['half a line', 'last'],
      details: {step: 'RUN two', message: 'returned a non-zero code: 3'},
    });
  });

  it('knows a full disk', async () => {
    const failing = told(lines({errorDetail: {message: 'write /x: no space left on device'}}));
    await expect(failing).rejects.toMatchObject({code: 'disk_full', exit: 1});
  });
});
