import {styleText} from 'node:util';
import {z} from 'zod';
import {ExitCode} from '../base/errors.ts';
import {Args, BerthCommand, deploymentFlags, examples, Flags, text} from '../cli/command.ts';
import {printable} from '../cli/printable.ts';
import {padToWidth} from '../cli/width.ts';
import {loadSettings} from '../deploy/config/load.ts';
import {visit} from '../deploy/parts.ts';
import type {LogLine} from '../hosts/index.ts';

const lineSchema = z.object({program: z.string(), at: z.iso.datetime().optional(), text: z.string()});
const resultSchema = z.object({schema: z.literal('berth.logs/1'), lines: z.array(lineSchema)});
/** Nothing after following: with --json each line was an object of its own (NDJSON). */
type Result = z.infer<typeof resultSchema> | undefined;

const COLOURS = ['cyan', 'green', 'yellow', 'magenta', 'blue'] as const;
const NAME_WIDTH = 10;

export default class Logs extends BerthCommand<Result> {
  static override summary = text((t) => t.cli.logs.summary);
  static override examples = examples(
    ['logs', (t) => t.cli.logs.exampleLast],
    ['logs gateway --follow', (t) => t.cli.logs.exampleFollow],
  );
  static override args = {
    program: Args.string({multiple: true, description: text((t) => t.cli.logs.argProgram)}),
  };
  static override flags = {
    ...deploymentFlags,
    follow: Flags.boolean({char: 'f', summary: text((t) => t.cli.logs.flagFollow), env: 'BERTH_FOLLOW'}),
    tail: Flags.integer({default: 50, min: 0, summary: text((t) => t.cli.logs.flagTail), env: 'BERTH_TAIL'}),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(Logs);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const {runtime} = await visit(parts, settings);
    const lines = runtime.logs(settings.deployment, {
      ...(args.program && args.program.length > 0 && {programs: args.program}),
      tail: flags.tail,
      follow: flags.follow,
      signal: this.signal,
    });
    const kept: z.infer<typeof lineSchema>[] = [];
    const colours = new Map<string, (typeof COLOURS)[number]>();
    for await (const line of lines) {
      const plain = {program: line.program, ...(line.at && {at: line.at.toISOString()}), text: line.text};
      if (!this.jsonEnabled()) process.stdout.write(`${render(line, colours)}\n`);
      else if (flags.follow) process.stdout.write(`${JSON.stringify(plain)}\n`);
      else kept.push(plain);
    }
    if (this.signal.aborted) {
      // Ctrl-C is how following ends: nothing went wrong, so there is nothing to tell.
      process.exitCode = ExitCode.interrupted;
      return undefined;
    }
    if (flags.follow) return undefined;
    if (!this.jsonEnabled() && colours.size === 0) process.stderr.write(`${this.t.cli.logs.none}\n`);
    return {schema: 'berth.logs/1', lines: kept};
  }
}

/** `14:03:07 engine-3   text`, a colour for each program on a terminal. */
function render({program, at, text: line}: LogLine, colours: Map<string, (typeof COLOURS)[number]>): string {
  const colour = colours.get(program) ?? COLOURS[colours.size % COLOURS.length] ?? 'cyan';
  colours.set(program, colour);
  const name = styleText(colour, padToWidth(program, NAME_WIDTH), {stream: process.stdout});
  const time = at ? `${at.toTimeString().slice(0, 8)} ` : '';
  return `${time}${name} ${printable(line)}`;
}
