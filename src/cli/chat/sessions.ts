import {readdir} from 'node:fs/promises';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {systemCode} from '../../base/errors.ts';
import {readJson, writeAtomically, writeJson} from '../../base/files.ts';
import {explainUnwritable} from '../../base/unwritable.ts';

const sessionSchema = z.object({
  schema: z.literal('berth.chat-session/1'),
  id: z.string(),
  startedAt: z.iso.datetime(),
  model: z.string(),
  system: z.string().exactOptional(),
  temperature: z.number().exactOptional(),
  messages: z.array(z.object({role: z.enum(['user', 'assistant']), content: z.string()})),
});
/** One conversation, as it is kept on disk (mode 0600: it is private). */
export type Session = z.infer<typeof sessionSchema>;

/** The conversations of one deployment: a file each, named by when it began. */
export class Sessions {
  readonly #folder: string;

  constructor(stateFolder: string, deployment: string) {
    this.#folder = join(stateFolder, 'chat', deployment);
  }

  static start(model: string, now: Date, more: Pick<Session, 'system' | 'temperature'> = {}): Session {
    const startedAt = now.toISOString();
    return {
      schema: 'berth.chat-session/1',
      id: startedAt.replaceAll(/[:.]/g, '-'),
      startedAt,
      model,
      messages: [],
      ...more,
    };
  }

  /** Keeps the conversation; one in which nothing was said is not kept. */
  async keep(session: Session): Promise<void> {
    if (session.messages.length === 0) return;
    const path = join(this.#folder, `${session.id}.json`);
    const instead = 'BERTH_STATE_HOME=$HOME/berth-state berth chat';
    await explainUnwritable({code: 'folder_not_writable', path, instead}, async () => {
      await mkdir(this.#folder, {recursive: true, mode: 0o700});
      await writeJson(path, session);
    });
  }

  /** The latest first, at most `limit`. */
  async latest(limit: number): Promise<Session[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    });
    const newest = names
      .filter((name) => name.endsWith('.json'))
      .toSorted()
      .toReversed()
      .slice(0, limit);
    const found = await Promise.all(newest.map((name) => readJson(join(this.#folder, name), sessionSchema)));
    return found.filter((session) => session !== undefined);
  }
}

/** Writes a conversation as Markdown, for people. */
export async function exportSession(session: Session, path: string): Promise<void> {
  const parts = [
    `# ${session.model}, ${session.startedAt}`,
    ...(session.system === undefined ? [] : [`> ${session.system.replaceAll('\n', '\n> ')}`]),
    ...session.messages.map(({role, content}) => `**${role}**\n\n${content}`),
  ];
  await writeAtomically(path, `${parts.join('\n\n')}\n`);
}
