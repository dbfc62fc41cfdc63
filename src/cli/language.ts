import {chooseLanguage, textsFor, type Language, type Say} from '../base/texts/index.ts';

/** The language that this run speaks: `--lang` wherever it stands on the command line, then the environment. */
export function currentLanguage(
  argv: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): Language {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const at = own.findIndex((word) => word === '--lang' || word.startsWith('--lang='));
  const flag = own[at]?.includes('=') ? own[at].slice('--lang='.length) : own[at + 1];
  return chooseLanguage(at === -1 ? undefined : flag, env);
}

/** A text for oclif's static fields (summaries, flags), which are read when the command's file is loaded. */
export const text = (say: Say): string => say(textsFor(currentLanguage()));

/** Examples for a command's help: what is typed, and what it is for. */
export const examples = (
  ...list: readonly (readonly [command: string, say: Say])[]
): {command: string; description: string}[] =>
  list.map(([command, say]) => ({command: `<%= config.bin %> ${command}`, description: text(say)}));
