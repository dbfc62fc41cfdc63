import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '../../../../base/clock.ts';
import {systemCode} from '../../../../base/errors.ts';
import {ms} from '../../../../base/units.ts';
import type {LogLine, LogOptions} from '../../runtime.ts';
import {LogFollower} from './follow.ts';
import {readLogTail} from './tail.ts';

const LOOK_EVERY = ms(100);

/** The logs of a deployment's programs, merged by time; with `follow` until the signal aborts. */
export async function* readLogs(folder: string, options: LogOptions, clock: Clock): AsyncGenerator<LogLine> {
  await using followers = new Followers(folder);
  // Followers are set to the end first: a line between the two reads is shown twice rather than never,
  // unless it is skipped here by what was shown already.
  const names = await programsIn(folder, options.programs);
  if (options.follow) for (const name of names) await followers.addAtEnd(name);
  const begin = await Promise.all(names.map((name) => tailOf(folder, name, options.tail)));
  yield* byTime(begin.flat());
  if (!options.follow) return;
  while (!options.signal?.aborted) {
    for (const name of await programsIn(folder, options.programs)) followers.add(name);
    yield* byTime(await followers.read());
    await clock.sleep(LOOK_EVERY, options.signal).catch(() => undefined);
  }
}

class Followers implements AsyncDisposable {
  readonly #folder: string;
  readonly #followers = new Map<string, LogFollower>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(program: string): void {
    if (!this.#followers.has(program)) this.#followers.set(program, this.#follower(program));
  }

  async addAtEnd(program: string): Promise<void> {
    const follower = this.#follower(program);
    this.#followers.set(program, follower);
    await follower.skipToEnd();
  }

  async read(): Promise<LogLine[]> {
    const read = [...this.#followers].map(async ([program, follower]) =>
      (await follower.read()).map((line) => parseLine(program, line)),
    );
    return (await Promise.all(read)).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const follower of this.#followers.values()) await follower[Symbol.asyncDispose]();
  }

  #follower(program: string): LogFollower {
    return new LogFollower(join(this.#folder, `${program}.log`));
  }
}

async function programsIn(folder: string, wanted: readonly string[] | undefined): Promise<string[]> {
  try {
    const names = (await readdir(folder)).flatMap((file) => /^(.+)\.log$/.exec(file)?.[1] ?? []).sort();
    return wanted ? names.filter((name) => wanted.includes(name)) : names;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function tailOf(folder: string, program: string, count: number): Promise<LogLine[]> {
  const path = join(folder, `${program}.log`);
  let lines: string[] = [];
  for (const age of ['', '.1', '.2']) {
    if (lines.length >= count) break;
    lines = [...(await readLogTail(`${path}${age}`, count - lines.length)), ...lines];
  }
  return lines.map((line) => parseLine(program, line));
}

const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*)$/;

/** A line begins with its time, unless the supervisor printed it while it was dying. */
export function parseLine(program: string, line: string): LogLine {
  const [, stamp, text] = STAMPED.exec(line) ?? [];
  return stamp === undefined || text === undefined
    ? {program, text: line}
    : {program, at: new Date(stamp), text};
}

/** Sorts by time, keeping the order of lines that have the same or none. */
function byTime(lines: readonly LogLine[]): LogLine[] {
  const keyed: {line: LogLine; at: number}[] = [];
  for (const line of lines) {
    const previous = keyed.at(-1);
    const inherited = previous?.line.program === line.program ? previous.at : 0;
    keyed.push({line, at: line.at?.getTime() ?? inherited});
  }
  return keyed.sort((left, right) => left.at - right.at).map(({line}) => line);
}
