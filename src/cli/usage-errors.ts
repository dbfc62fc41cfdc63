import {BerthError, ExitCode} from '../base/errors.ts';
import {nearest} from '../base/nearest.ts';
import type {Say} from '../base/texts/index.ts';

/** What a command can be asked, as far as a hint needs it. */
export interface CommandShape {
  /** As typed: `config check`. */
  id: string;
  flags: readonly string[];
}

/**
 * Tells oclif's parse errors in our words, in both languages, with what was probably meant.
 * Undefined when `thrown` is none. This is the only place that knows oclif's messages.
 */
export function usageError(thrown: unknown, command: CommandShape): BerthError | undefined {
  if (!(thrown instanceof Error) || !('oclif' in thrown)) return undefined;
  const help = `berth ${command.id} --help`;
  const usage = (what: Say, tries: readonly string[] = []): BerthError =>
    new BerthError({code: 'usage', what, exit: ExitCode.usage, try: [...tries, help], cause: thrown});

  const unknown = 'flags' in thrown && Array.isArray(thrown.flags) ? thrown.flags.map(String) : [];
  const [flag] = unknown;
  if (flag !== undefined) {
    const known = command.flags.map((name) => `--${name}`);
    const meant = nearest(flag.split('=')[0] ?? flag, known).map((near) => `berth ${command.id} ${near}`);
    return usage((t) => t.cli.unknownFlag({command: command.id, flag}), meant);
  }
  const names = 'args' in thrown ? argumentNames(thrown.args) : [];
  switch (thrown.constructor.name) {
    case 'UnexpectedArgsError':
      return usage((t) => t.cli.unexpectedArgument({command: command.id, argument: names.join(' ')}));
    case 'RequiredArgsError':
      return usage((t) =>
        t.cli.missingArgument({command: command.id, argument: names.join(' ').toUpperCase()}),
      );
    default:
      return usage(sayOf(plainMessage(thrown)));
  }
}

function argumentNames(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.map((item: unknown) =>
    typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : String(item),
  );
}

const plainMessage = (thrown: Error): string =>
  thrown.message
    .replace(/\s*See more help with --help\s*$/, '')
    .replace(/^Parsing --\S+\s+/, '')
    .trim();

function sayOf(message: string): Say {
  const oneOf = /^Expected --([^=]+)=(.*) to be one of: (.*)$/s.exec(message);
  if (oneOf) {
    const [, flag = '', given = '', allowed = ''] = oneOf;
    return (t) => t.cli.notAllowed({flag: `--${flag}`, given, allowed});
  }
  const noValue = /^Flag --(\S+) expects (?:a value|one of these values: (.*))$/s.exec(message);
  if (noValue) {
    const [, flag = '', allowed = ''] = noValue;
    return (t) => t.cli.valueMissing({flag: `--${flag}`, allowed});
  }
  const number =
    /^Expected an integer (?:(greater|less) than or equal to (-?\d+) )?but received: (.*)$/s.exec(message);
  if (number) {
    const [, side, bound = '', given = ''] = number;
    return (t) =>
      t.cli.notANumber({given, least: side === 'greater' ? bound : '', most: side === 'less' ? bound : ''});
  }
  return (t) => t.cli.notUnderstood({message});
}
