import {mkdtemp, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {openLocalHost} from '../../../src/hosts/index.ts';
import {describeHostFiles} from '../../contract/hosts/describe-host-files.ts';

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, {recursive: true, force: true});
});

describeHostFiles('this machine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-files-'));
  made.push(folder);
  const {files} = openLocalHost({stateRoot: folder, clock: systemClock, env: process.env});
  return {files, folder, modeOf: async (path) => ((await stat(path)).mode & 0o777).toString(8)};
});
