import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {inspect, styleText} from 'node:util';
import {BerthError, describeError, ExitCode, firstError} from '../base/errors.ts';
import {textsFor, type Language, type Texts} from '../base/texts/index.ts';
import {addressed, type Address} from './address.ts';
import {displayWidth} from './width.ts';

export interface ErrorTelling {
  language: Language;
  json: boolean;
  /** The state folder: where the debug log of a bug is put. */
  stateFolder: string;
  /** True when the person has stopped the command: then whatever came out of it is no bug. */
  interrupted: boolean;
  /** Which deployment the command was about: the next commands are to be about the same. */
  address?: Address;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

/** Tells what went wrong, and returns the exit code for it. */
export async function tellError(thrown: unknown, how: ErrorTelling): Promise<ExitCode> {
  const first = firstError(thrown);
  const bare = first instanceof BerthError ? first : await asBerthError(thrown, how);
  const error = how.address ? withAddress(bare, how.address) : bare;
  if (how.json) how.stdout(`${JSON.stringify(withExit(error, how.interrupted), undefined, 2)}\n`);
  else how.stderr(renderError(error, textsFor(how.language)));
  return exitOf(error, how.interrupted);
}

const withAddress = (error: BerthError, address: Address): BerthError =>
  new BerthError({
    ...{code: error.code, what: error.what, exit: error.exit, details: error.details},
    ...(error.why && {why: error.why}),
    ...{lastLines: error.lastLines, cause: error.cause},
    try: error.try.map((command) => addressed(command, address)),
  });

const exitOf = (error: BerthError, interrupted: boolean): ExitCode => {
  if (error.code === 'bug') return ExitCode.bug;
  return interrupted ? ExitCode.interrupted : error.exit;
};

const withExit = (error: BerthError, interrupted: boolean): Record<string, unknown> => {
  const {error: body} = error.toJSON() as {error: Record<string, unknown>};
  return {error: {...body, exit: exitOf(error, interrupted)}};
};

async function asBerthError(thrown: unknown, how: ErrorTelling): Promise<BerthError> {
  if (how.interrupted) {
    return new BerthError({code: 'interrupted', what: (t) => t.cli.interrupted, exit: ExitCode.interrupted});
  }
  const log = await writeDebugLog(thrown, how.stateFolder);
  const message = describeError(thrown).split('\n')[0] ?? '';
  return new BerthError({
    code: 'bug',
    what: (t) => t.cli.bug({message, log}),
    details: {log},
    cause: thrown,
  });
}

/** The path of the log; when even that cannot be written, the log itself. */
async function writeDebugLog(thrown: unknown, stateFolder: string): Promise<string> {
  const text = [
    `at ${new Date().toISOString()}, node ${process.version}, ${process.platform}-${process.arch}`,
    `argv ${JSON.stringify(process.argv.slice(2))}`,
    inspect(thrown, {depth: 6}),
    '',
  ].join('\n');
  const folder = join(stateFolder, 'debug');
  const file = join(folder, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${process.pid}.log`);
  try {
    await mkdir(folder, {recursive: true, mode: 0o700});
    await writeFile(file, text, {mode: 0o600});
    return file;
  } catch (unwritable) {
    return `${text}(${describeError(unwritable)})`;
  }
}

/** What, why, the log lines that matter, and what to type next. */
export function renderError(error: BerthError, t: Texts): string {
  const style = (format: Parameters<typeof styleText>[0], text: string): string =>
    styleText(format, text, {stream: process.stderr});
  const lines = [`${style('red', '✖')} ${error.what(t)}`];
  if (error.why) lines.push(...indented(error.why(t), '  '));
  lines.push(...error.lastLines.map((line) => style('dim', `  │ ${line}`)));
  const label = t.cli.tryLabel;
  lines.push(
    ...error.try.map(
      (command, index) =>
        `  ${index === 0 ? label : ' '.repeat(displayWidth(label))} ${style('cyan', command)}`,
    ),
  );
  return `${lines.join('\n')}\n`;
}

const indented = (text: string, indent: string): string[] => text.split('\n').map((line) => indent + line);
