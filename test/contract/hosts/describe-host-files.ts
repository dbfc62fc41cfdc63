import {describe, expect, it} from 'vitest';
import type {HostFiles} from '../../../src/hosts/index.ts';

/** Files of a host, and a way to look at them that is not the code under test. */
export interface FilesWorld {
  files: HostFiles;
  /** An empty folder of the test's own, absolute. */
  folder: string;
  /** Permission bits as `stat` tells them: `600`. */
  modeOf: (path: string) => Promise<string>;
}

/** What every implementation of `HostFiles` promises. */
export function describeHostFiles(name: string, open: () => Promise<FilesWorld>): void {
  describe(`files of ${name}`, () => {
    it('are claimed by one at a time, also just as the one before gives it back', async () => {
      const {files, folder} = await open();
      const path = `${folder}/held/lock`;
      let holders = 0;
      const hold = async (): Promise<void> => {
        for (let round = 0; round < 25; round++) {
          while (!(await files.claimFolder(path)));
          expect(++holders).toBe(1);
          holders--;
          await files.remove(path);
        }
      };
      await Promise.all([hold(), hold(), hold()]);
    });

    it('are private, whole, and absent without an error', async () => {
      const {files, folder, modeOf} = await open();
      const path = `${folder}/a/deep/b.json`;
      expect(await files.read(path)).toBeUndefined();
      expect(await files.list(`${folder}/a/deep`)).toEqual([]);
      await files.write(path, 'one, and longer');
      await files.write(path, 'two');
      expect(await files.read(path)).toBe('two');
      expect(await modeOf(path)).toBe('600');
      expect(await modeOf(`${folder}/a`)).toBe('700');
      expect(await modeOf(`${folder}/a/deep`)).toBe('700');
      expect(await files.list(`${folder}/a/deep`)).toEqual(['b.json']);
    });

    it('keep every byte of a text, also an empty and a large one', async () => {
      const {files, folder} = await open();
      const texts = ['', 'ä 靠泊 \0 \r\n "\'$`\\', '靠泊'.repeat(400_000)];
      for (const [index, text] of texts.entries()) {
        await files.write(`${folder}/text-${index}`, text);
        expect((await files.read(`${folder}/text-${index}`)) === text, `text ${index}`).toBe(true);
      }
    });

    it('have the mode that is asked for, and names with everything in them', async () => {
      const {files, folder, modeOf} = await open();
      const names = ["it's", 'a b', '-rf', '$(id)', '靠泊', 'new\nline', '*'];
      for (const name of names) await files.write(`${folder}/${name}`, name, 0o644);
      expect(await files.list(folder)).toEqual([...names].sort());
      expect(await modeOf(`${folder}/-rf`)).toBe('644');
      for (const name of names) expect(await files.read(`${folder}/${name}`)).toBe(name);
    });

    it('are never seen half written, and leave nothing beside them', async () => {
      const {files, folder} = await open();
      const texts = Array.from({length: 8}, (_, index) => String(index).repeat(50_000));
      await files.write(`${folder}/state`, texts[0] ?? '');
      const seen: (string | undefined)[] = [];
      await Promise.all([
        ...texts.map((text) => files.write(`${folder}/state`, text)),
        ...texts.map(async () => seen.push(await files.read(`${folder}/state`))),
      ]);
      expect(seen.filter((text) => !texts.includes(text ?? ''))).toEqual([]);
      expect(await files.list(folder)).toEqual(['state']);
    });

    it('let one of many claim a folder', async () => {
      const {files, folder, modeOf} = await open();
      const claim = () => files.claimFolder(`${folder}/x/lock`);
      const claims = await Promise.all(Array.from({length: 20}, claim));
      expect(claims.filter((mine) => mine)).toHaveLength(1);
      expect(await modeOf(`${folder}/x/lock`)).toBe('700');
      await files.remove(`${folder}/x/lock`);
      expect(await claim()).toBe(true);
    });

    it('move over what is there, and folders with what is in them', async () => {
      const {files, folder} = await open();
      await files.write(`${folder}/old`, 'old');
      await files.write(`${folder}/new`, 'new');
      await files.move(`${folder}/new`, `${folder}/old`);
      expect(await files.read(`${folder}/old`)).toBe('new');
      await files.write(`${folder}/from/inner`, 'inner');
      await files.move(`${folder}/from`, `${folder}/to`);
      expect(await files.list(folder)).toEqual(['old', 'to']);
      expect(await files.read(`${folder}/to/inner`)).toBe('inner');
    });

    it('are removed with what is in them; what is not there is no error', async () => {
      const {files, folder} = await open();
      await files.write(`${folder}/tree/a/b/c`, '1');
      await files.write(`${folder}/tree/d`, '2');
      await files.remove(`${folder}/tree`);
      await files.remove(`${folder}/tree`);
      expect(await files.list(folder)).toEqual([]);
    });

    it('say what is in the way of writing', async () => {
      const {files, folder} = await open();
      await files.write(`${folder}/file`, '');
      const refused = {code: 'state_not_writable', details: {path: `${folder}/file/below`}};
      await expect(files.write(`${folder}/file/below`, '')).rejects.toMatchObject(refused);
    });
  });
}
