import {readFile} from 'node:fs/promises';
import {expect} from 'vitest';

/** What was recorded of an engine's argument parser: each flag with the value that it takes (`''`: none). */
export type Flags = Readonly<Record<string, string>>;

export interface Failure {
  code: string;
  /** Where the lines come from. */
  source: string;
  lines: string[];
}

const read = async (engine: string, file: string): Promise<unknown> =>
  JSON.parse(
    await readFile(new URL(`../../fixtures/engines/${engine}/${file}`, import.meta.url), 'utf8'),
  ) as unknown;

export const readFlags = async (engine: string, file: string): Promise<Flags> =>
  ((await read(engine, file)) as {flags: Flags}).flags;

export const readFailures = async (engine: string): Promise<Failure[]> =>
  (await read(engine, 'failures.json')) as Failure[];

/** Fails unless every flag is known, and has a value exactly where one is taken, of the kind that is taken. */
export function checkFlags(argv: readonly string[], flags: Flags): void {
  for (let at = 0; at < argv.length; at++) {
    const flag = argv[at] ?? '';
    const takes = flags[flag];
    expect(takes, `${flag} is a flag`).toBeDefined();
    if (takes === undefined || takes === '') continue;
    do checkValue(flag, takes, argv[++at]);
    while (takes.endsWith('...') && argv[at + 1]?.startsWith('--') === false);
  }
}

function checkValue(flag: string, takes: string, value: string | undefined): void {
  expect(value, `${flag} has a value`).toBeDefined();
  if (/^N(\.\.\.)?$/.test(takes)) expect(value?.replace('{port}', '8000'), flag).toMatch(/^-?\d+$/);
  if (takes === 'F') expect(value, flag).toMatch(/^\d(\.\d+)?$/);
  const choices = /^[[{](.+)[\]}]$/.exec(takes)?.[1]?.split(/[|,]/);
  if (choices) expect(choices, flag).toContain(value);
}
