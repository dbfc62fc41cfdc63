/** Prints what every command says of itself, as JSON, in the language of the environment. */
import {join} from 'node:path';
import {z} from 'zod';
import type {BerthCommand} from '../../src/cli/command.ts';
import {listCommands, loadCommand} from '../../src/cli/commands.ts';

export interface CommandDescription {
  id: string;
  summary: string | undefined;
  description: string | undefined;
  examples: {command: string; description: string}[];
  args: {name: string; description: string | undefined; required: boolean; multiple: boolean}[];
  flags: FlagDescription[];
  /** JSON Schema of the result with --json. */
  schema: object | undefined;
}

interface FlagDescription {
  name: string;
  char: string | undefined;
  type: 'boolean' | 'option';
  options: readonly string[] | undefined;
  multiple: boolean;
  required: boolean;
  default: unknown;
  env: string | undefined;
  summary: string | undefined;
}

type Described = typeof BerthCommand & {id: string};

const describeCommand = (command: Described): CommandDescription => ({
  id: command.id.replaceAll(':', ' '),
  summary: command.summary,
  description: command.description,
  examples: command.examples as {command: string; description: string}[],
  args: Object.entries(command.args).map(([name, arg]) => ({
    name,
    description: arg.description,
    required: arg.required === true,
    multiple: arg.multiple === true,
  })),
  flags: Object.entries({...command.baseFlags, ...command.flags}).map(([name, flag]) => ({
    name,
    char: flag.char,
    type: flag.type,
    options: flag.type === 'option' ? flag.options : undefined,
    multiple: flag.type === 'option' && flag.multiple === true,
    required: flag.required === true,
    default: flag.default,
    env: flag.env,
    summary: flag.summary,
  })),
  schema:
    (command as {resultSchema?: z.ZodType}).resultSchema &&
    z.toJSONSchema(command.resultSchema, {io: 'output'}),
});

if (import.meta.main) {
  const found = await listCommands(join(import.meta.dirname, '../../src/commands'));
  const commands = await Promise.all(found.map(loadCommand));
  process.stdout.write(
    JSON.stringify(commands.map((command) => describeCommand(command as unknown as Described))),
  );
}
