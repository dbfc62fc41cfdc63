import {mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync} from 'node:fs';
import {appendFile, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {LogFollower} from '../../../src/hosts/runtimes/supervisor/logs/follow.ts';
import {parseLine} from '../../../src/hosts/runtimes/supervisor/logs/read-logs.ts';
import {readLogTail} from '../../../src/hosts/runtimes/supervisor/logs/tail.ts';
import {LineSplitter, LONGEST_LINE} from '../../../src/hosts/runtimes/supervisor/logs/lines.ts';
import {LogFile} from '../../../src/hosts/runtimes/supervisor/logs/log-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-log-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

const texts = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => parseLine('x', line).text);

test('a log is put away by size, the oldest is dropped, lines stay whole', () => {
  const path = join(folder, 'x.log');
  const log = new LogFile(path, {fileBytes: 120, files: 3});
  for (let line = 1; line <= 9; line++) log.write([`line ${line} ${'.'.repeat(20)}`]);
  log.close();
  expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2']);
  const kept = ['.2', '.1', ''].flatMap((age) => texts(`${path}${age}`)).map((text) => text.slice(0, 6));
  expect(kept).toEqual(['line 5', 'line 6', 'line 7', 'line 8', 'line 9']);
});

test.runIf(process.platform === 'linux')(
  'a full disk costs lines, not the service, and is noted later',
  () => {
    const path = join(folder, 'x.log');
    symlinkSync('/dev/full', path);
    const log = new LogFile(path);
    log.write(['lost 1', 'lost 2']);
    log.write(['lost 3']);
    unlinkSync(path);
    log.write(['kept']);
    log.close();
    expect(texts(path)).toEqual(['[3 lines were lost: they could not be written]', 'kept']);
  },
);

test('lines are made of chunks that split characters and line ends', () => {
  const splitter = new LineSplitter();
  const bytes = Buffer.from('泊位\r\nend');
  const lines = [...bytes].flatMap((byte) => splitter.feed(Buffer.from([byte])));
  expect([...lines, ...splitter.end()]).toEqual(['泊位', 'end']);
  expect(splitter.end()).toEqual([]);
});

test('a line that never ends is cut', () => {
  const lines = new LineSplitter().feed(Buffer.alloc(LONGEST_LINE * 2 + 1, 'x'));
  expect(lines.map(({length}) => length)).toEqual([LONGEST_LINE, LONGEST_LINE]);
});

test('the tail of a file is read from its end, without a line that is just being written', async () => {
  const path = join(folder, 'long');
  const lines = Array.from({length: 5000}, (_, index) => `${index} ${'é'.repeat(30)}`);
  await writeFile(path, `${lines.join('\n')}\nhalf`);
  expect(await readLogTail(path, 3)).toEqual(lines.slice(-3));
  expect(await readLogTail(path, 4000)).toEqual(lines.slice(-4000));
  expect(await readLogTail(path, 9000)).toEqual(lines);
  expect(await readLogTail(path, 0)).toEqual([]);
  expect(await readLogTail(join(folder, 'none'), 5)).toEqual([]);
});

test('a follower reads on across rotations, also when two happen between its looks', async () => {
  const path = join(folder, 'x.log');
  await writeFile(path, 'before\n');
  await using follower = new LogFollower(path);
  await follower.skipToEnd();
  await appendFile(path, '1\n2');
  expect(await follower.read()).toEqual(['1']);
  await appendFile(path, '\n3\n');
  renameSync(path, `${path}.1`);
  await writeFile(path, '4\n');
  renameSync(`${path}.1`, `${path}.2`);
  renameSync(path, `${path}.1`);
  await writeFile(path, '5\n');
  expect(await follower.read()).toEqual(['2', '3', '4', '5']);
  expect(await follower.read()).toEqual([]);
});
