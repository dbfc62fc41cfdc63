import {chmod, mkdir, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {openBerth, type Berth} from '../../support/berth.ts';
import {boundByPermissions} from '../../support/bound-by-permissions.ts';
import {needs} from '../../support/needs.ts';
import {processesOf} from '../../support/processes.ts';

const through = boundByPermissions();
const bound = needs(through !== undefined, 'a user who is bound by permissions, or setpriv');

const STATE = '.local/state/berth';

/** All files below a folder. */
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, {recursive: true, withFileTypes: true}))
    .filter((entry) => entry.isFile())
    .map(({name}) => name);

describe.runIf(bound)('a folder that this user may not write', () => {
  it.each([
    ['of the state', STATE, 'state_not_writable'],
    ['of one deployment', `${STATE}/default`, 'state_not_writable'],
    ['of the weights', '.cache/berth', 'folder_not_writable'],
    ['of the keys', '.config/berth', 'folder_not_writable'],
  ])('%s: a first deploy says which, and leaves nothing', async (_name, folder, code) => {
    await using berth = await openBerth({}, through);
    const path = join(berth.home, folder);
    await mkdir(path, {recursive: true});
    await chmod(path, 0o500);
    const result = await berth.json('deploy', '--model', 'nano');
    expect(result.code, result.stderr).toBe(1);
    const {error} = result.value as {error: {code: string; message: string; try: string[]}};
    expect(error).toMatchObject({code});
    expect(error.message).toContain(path);
    expect(error.try.length).toBeGreaterThan(0);
    expect(await processesOf(berth.home)).toEqual([]);
    expect(await filesIn(path)).toEqual([]);
    await chmod(path, 0o700);
  });
});

describe.runIf(bound)('a deployment whose folder is closed later', () => {
  let berth: Berth;
  let folder: string;
  beforeAll(async () => {
    berth = await openBerth({}, through);
    folder = join(berth.home, STATE, 'default');
    const {code, stderr} = await berth.run('deploy', '--model', 'nano');
    expect(code, stderr).toBe(0);
    await chmod(folder, 0o500);
    await chmod(join(folder, 'releases'), 0o500);
  });
  afterAll(async () => {
    await chmod(folder, 0o700);
    await chmod(join(folder, 'releases'), 0o700);
    await berth[Symbol.asyncDispose]();
  });

  it('refuses a change, and goes on serving what it served', async () => {
    const before = (await readdir(folder, {recursive: true})).toSorted();
    const {code, value} = await berth.json('deploy', '--model', 'nano', '--context', '1024');
    expect(code).toBe(1);
    expect(value).toMatchObject({error: {code: 'state_not_writable'}});
    expect((await berth.json('status')).value).toMatchObject({state: 'serving', release: 1});
    expect((await berth.ask('Hello!')).done).toBe(true);
    expect((await readdir(folder, {recursive: true})).toSorted()).toEqual(before);
  });

  it('can still be looked at', async () => {
    expect((await berth.json('health')).code).toBe(0);
    expect((await berth.json('capacity')).code).toBe(0);
    expect((await berth.json('releases')).code).toBe(0);
    const {value} = await berth.json('doctor');
    expect(
      (value.checks as {name: string; state: string}[]).find(({name}) => name === 'folders')?.state,
    ).toBe('pass');
  });

  it('takes the change once it is opened again', async () => {
    await chmod(folder, 0o700);
    await chmod(join(folder, 'releases'), 0o700);
    const {code, value} = await berth.json('deploy', '--model', 'nano', '--context', '1024');
    expect(code).toBe(0);
    expect(value).toMatchObject({outcome: 'deployed'});
  });
});
