import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import {PRESETS, systemPrompt} from '../../../src/cli/chat/presets.ts';
import {exportSession, Sessions} from '../../../src/cli/chat/sessions.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-chat-'));
});
afterEach(() => rm(folder, {recursive: true}));

const en = textsFor('en');

describe('systemPrompt', () => {
  it('is nothing when nothing was asked for', async () => {
    expect(await systemPrompt({files: []}, en)).toBeUndefined();
  });

  it('puts documents behind the instruction, by name', async () => {
    const file = join(folder, 'notes.md');
    await writeFile(file, 'The berth is free.\n');
    const prompt = await systemPrompt({preset: 'knowledge', files: [file]}, en);
    expect(prompt).toBe(
      `${en.cli.chat.presets.knowledge}\n\n<document name="${file}">\nThe berth is free.\n</document>`,
    );
    expect(await systemPrompt({preset: 'review', files: [], system: 'Be brief.'}, en)).toBe('Be brief.');
  });

  it.each(PRESETS)('has the preset %s in both languages', (preset) => {
    expect(en.cli.chat.presets[preset]).not.toBe(textsFor('zh-CN').cli.chat.presets[preset]);
  });

  it('refuses knowledge without documents, missing files, binaries and giants', async () => {
    const giant = join(folder, 'giant');
    const binary = join(folder, 'binary');
    await writeFile(giant, Buffer.alloc(1024 * 1024 + 1, 'a'));
    await writeFile(binary, Buffer.from([1, 0, 2]));
    const refusal = async (files: string[]): Promise<unknown> =>
      systemPrompt({preset: 'knowledge', files}, en).catch((error: unknown) => error);
    expect(await refusal([])).toMatchObject({exit: 2, try: [expect.stringContaining('--file')]});
    expect(await refusal([join(folder, 'none')])).toMatchObject({
      exit: 2,
      details: {path: join(folder, 'none')},
    });
    expect(await refusal([giant])).toMatchObject({
      message: expect.stringContaining('larger than 1 MiB') as string,
    });
    expect(await refusal([binary])).toMatchObject({message: expect.stringContaining('not text') as string});
  });
});

describe('Sessions', () => {
  it('keeps what was said, the latest first, and nothing when nothing was said', async () => {
    const sessions = new Sessions(folder, 'default');
    expect(await sessions.latest(5)).toEqual([]);
    const first = Sessions.start('nano', new Date('2026-01-01T00:00:00Z'));
    await sessions.keep(first);
    expect(await sessions.latest(5)).toEqual([]);
    first.messages.push({role: 'user', content: 'hello'}, {role: 'assistant', content: '你好'});
    const second = Sessions.start('nano', new Date('2026-01-02T00:00:00Z'), {system: 'Be brief.'});
    second.messages.push({role: 'user', content: 'bye'});
    await sessions.keep(first);
    await sessions.keep(second);
    expect(await sessions.latest(5)).toEqual([second, first]);
    expect(await sessions.latest(1)).toEqual([second]);
  });

  it('exports Markdown', async () => {
    const session = Sessions.start('nano', new Date('2026-01-01T00:00:00Z'), {system: 'a\nb'});
    session.messages.push({role: 'user', content: 'hello'});
    const path = join(folder, 'out.md');
    await exportSession(session, path);
    expect(await readFile(path, 'utf8')).toBe(
      '# nano, 2026-01-01T00:00:00.000Z\n\n> a\n> b\n\n**user**\n\nhello\n',
    );
  });
});
