import {join} from 'node:path';
import {Config} from '@oclif/core/config';
import type {PJSON} from '@oclif/core/interfaces';
import {settings} from '@oclif/core/settings';
import {BerthError, ExitCode, systemCode} from '../base/errors.ts';
import {chooseFolders} from '../base/folders.ts';
import {nearest} from '../base/nearest.ts';
import {textsFor, type Texts} from '../base/texts/index.ts';
import {findCommand, listCommands, loadCommand} from './commands.ts';
import {BerthHelp, wantsHelp} from './help.ts';
import {currentLanguage} from './language.ts';
import {tellError} from './tell-error.ts';

/** Where this Berth lies: its package, and the commands inside it (TypeScript or built). */
export interface Installation {
  root: string;
  packageJson: PJSON;
  /** Relative to the root: `src/commands` or `dist/commands`. */
  commands: string;
}

/**
 * Runs one command line and returns its exit code. Only the file of the command that was typed is
 * loaded; help loads them all, because their summaries are in the reader's language (a manifest
 * made at publishing would freeze one).
 */
export async function main(argv: readonly string[], installation: Installation): Promise<number> {
  quietOnClosedPipe();
  settings.enableAutoTranspile = false;
  try {
    const commands = await listCommands(join(installation.root, installation.commands));
    if (wantsHelp(argv)) return await showHelp(argv, installation, commands);
    const found = findCommand(argv, commands);
    if (!found) return await withoutCommand(argv, installation, commands);
    const command = await loadCommand(found);
    await command.run(found.argv, await configOf(installation));
    return Number(process.exitCode ?? ExitCode.ok);
  } catch (thrown) {
    return await tellError(thrown, {
      language: currentLanguage(argv),
      json: argv.includes('--json'),
      stateFolder: chooseFolders(process.env).state,
      interrupted: false,
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text),
    });
  }
}

type Commands = readonly {id: string; file: string}[];

async function showHelp(
  argv: readonly string[],
  installation: Installation,
  commands: Commands,
): Promise<number> {
  const words = argv.filter((word) => word !== 'help' && !word.startsWith('-') && word !== valueOfLang(argv));
  const known = words.length === 0 || findCommand(words, commands) !== undefined || isTopic(words, commands);
  if (!known) throw unknownCommand(words, commands);
  const t = textsFor(currentLanguage(argv));
  const config = await configOf(installation, {commands: installation.commands, topics: topicsOf(t)});
  await new BerthHelp(config, t).showHelp(words);
  return ExitCode.ok;
}

/** `berth config` shows what there is under `config`; anything else is a mistake. */
async function withoutCommand(
  argv: readonly string[],
  installation: Installation,
  commands: Commands,
): Promise<number> {
  const words = argv.filter((word) => !word.startsWith('-') && word !== valueOfLang(argv));
  if (words.length === 0 || isTopic(words, commands)) return await showHelp(argv, installation, commands);
  throw unknownCommand(words, commands);
}

const valueOfLang = (argv: readonly string[]): string | undefined =>
  argv.includes('--lang') ? argv[argv.indexOf('--lang') + 1] : undefined;

const isTopic = (words: readonly string[], commands: Commands): boolean =>
  commands.some(({id}) => id.startsWith(`${words.join(':')}:`));

function unknownCommand(words: readonly string[], commands: Commands): BerthError {
  const typed = words.join(' ');
  const ids = commands.map(({id}) => id.replaceAll(':', ' '));
  const meant = nearest(typed, ids).concat(nearest(words[0] ?? '', ids));
  return new BerthError({
    code: 'usage',
    what: (t) => t.cli.unknownCommand({command: typed}),
    exit: ExitCode.usage,
    try: [...new Set(meant)].map((id) => `berth ${id}`).concat('berth --help'),
  });
}

const topicsOf = ({cli}: Texts): Record<string, {description: string}> =>
  Object.fromEntries(Object.entries(cli.topics).map(([topic, description]) => [topic, {description}]));

/** oclif's configuration. It loads no command by itself unless `help` says where they are. */
function configOf(
  {root, packageJson}: Installation,
  help: Pick<PJSON['oclif'], 'commands' | 'topics'> = {},
): Promise<Config> {
  const {commands: _published, ...oclif} = packageJson.oclif;
  // Else oclif asks the user database for it, and fails for a user who is not there, as containers have them.
  process.env.SHELL ??= 'unknown';
  return Config.load({root, pjson: {...packageJson, oclif: {...oclif, ...help}}, ignoreManifest: true});
}

/** `berth logs | head` is no failure. */
function quietOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (systemCode(error) === 'EPIPE') process.exit(Number(process.exitCode ?? ExitCode.ok));
      throw error;
    });
  }
}
