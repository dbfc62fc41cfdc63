import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Command} from '@oclif/core/command';

/** A command's file, found by what was typed. */
export interface FoundCommand {
  /** As oclif names it: `config:check`. */
  id: string;
  file: string;
  /** What was typed after the command's own words. */
  argv: string[];
}

/** Every command under the folder, by its file's path: `config/check.ts` is `config:check`. Sorted. */
export async function listCommands(folder: string): Promise<{id: string; file: string}[]> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true});
  return entries
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      file,
      id: file
        .slice(folder.length + 1, -3)
        .split(/[\\/]/)
        .join(':'),
    }))
    .map(({file, id}) => ({file, id: id.replace(/:index$/, '')}))
    .sort((a, b) => a.id.localeCompare(b.id));
}

/** The command with the longest name that the first words spell, so that only its file need be loaded. */
export function findCommand(
  argv: readonly string[],
  commands: readonly {id: string; file: string}[],
): FoundCommand | undefined {
  const words = argv.slice(0, argv.findIndex((word) => word.startsWith('-')) >>> 0);
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':');
    const command = commands.find((candidate) => candidate.id === id);
    if (command) return {...command, argv: argv.slice(count)};
  }
  return undefined;
}

/** The command's class, with the id that its place gives it. */
export async function loadCommand({id, file}: {id: string; file: string}): Promise<Command.Class> {
  const {default: command} = (await import(pathToFileURL(file).href)) as {default: Command.Class};
  command.id = id;
  return command;
}
