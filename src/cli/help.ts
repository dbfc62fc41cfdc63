import type {Config} from '@oclif/core/config';
import {CommandHelp, Help} from '@oclif/core/help';
import type {Texts} from '../base/texts/index.ts';

/** oclif's help with headings in the reader's language. */
export class BerthHelp extends Help {
  readonly #t: Texts;

  constructor(config: Config, t: Texts) {
    super(config, {maxWidth: 100});
    this.#t = t;
    this.CommandHelpClass = commandHelp(t);
  }

  override section(...[header, body]: Parameters<Help['section']>): string {
    return super.section(heading(header, this.#t), body);
  }

  override formatRoot(): string {
    const t = this.#t.cli;
    const usage = this.section(t.helpUsage, `$ ${this.config.bin} [COMMAND]`);
    return `${t.about}\n\n${this.section(t.helpVersion, this.config.userAgent)}\n\n${usage}`;
  }
}

const commandHelp = (t: Texts): typeof CommandHelp =>
  class extends CommandHelp {
    override section(...[header, body]: Parameters<CommandHelp['section']>): string {
      return super.section(heading(header, t), body);
    }
  };

function heading(header: string, {cli}: Texts): string {
  const known: Record<string, string> = {
    USAGE: cli.helpUsage,
    ARGUMENTS: cli.helpArguments,
    FLAGS: cli.helpFlags,
    'GLOBAL FLAGS': cli.helpGlobalFlags,
    DESCRIPTION: cli.helpDescription,
    EXAMPLES: cli.helpExamples,
    COMMANDS: cli.helpCommands,
    TOPICS: cli.helpTopics,
  };
  return known[header] ?? header;
}

/** True when help is asked for: by a flag before `--`, by the word `help`, or by saying nothing. */
export function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  return own.length === 0 || own[0] === 'help' || own.includes('--help') || own.includes('-h');
}
