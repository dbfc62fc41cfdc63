import {readFile} from 'node:fs/promises';
import {BerthError, describeError, ExitCode} from '../../base/errors.ts';
import type {Texts} from '../../base/texts/index.ts';

export const PRESETS = ['content', 'knowledge', 'review'] as const;
type Preset = (typeof PRESETS)[number];

/** More would not fit any context that a model of this size is served with. */
const LARGEST_FILE_BYTES = 1024 * 1024;

export interface PresetOptions {
  preset?: Preset | undefined;
  /** Texts that the model shall have before it. */
  files: readonly string[];
  /** What the person says instead of the preset's own instruction. */
  system?: string | undefined;
}

/** The system prompt of a conversation: an instruction, then the files. Undefined when there is neither. */
export async function systemPrompt(
  {preset, files, system}: PresetOptions,
  t: Texts,
): Promise<string | undefined> {
  if (preset === 'knowledge' && files.length === 0) {
    throw new BerthError({
      code: 'usage',
      what: (texts) => texts.cli.chat.knowledgeNeedsFile,
      exit: ExitCode.usage,
      try: ['berth chat --preset knowledge --file notes.md'],
    });
  }
  const instruction = system ?? (preset && t.cli.chat.presets[preset]);
  const documents = await Promise.all(files.map(readDocument));
  const parts = [...(instruction === undefined ? [] : [instruction]), ...documents];
  return parts.length === 0 ? undefined : parts.join('\n\n');
}

const readDocument = async (path: string): Promise<string> =>
  `<document name="${path}">\n${(await readText(path)).trimEnd()}\n</document>`;

/** A small text file. One that is missing, large or no text is a usage error that says so. */
export async function readText(path: string): Promise<string> {
  const content = await readFile(path).catch((error: unknown) => {
    throw cannotRead(path, describeError(error), error);
  });
  if (content.length > LARGEST_FILE_BYTES) throw cannotRead(path, 'larger than 1 MiB');
  if (content.includes(0)) throw cannotRead(path, 'not text');
  return content.toString('utf8');
}

const cannotRead = (path: string, reason: string, cause?: unknown): BerthError =>
  new BerthError({
    code: 'usage',
    what: (t) => t.config.unreadable({path, reason}),
    try: [`ls -l ${path}`],
    exit: ExitCode.usage,
    details: {path},
    cause,
  });
