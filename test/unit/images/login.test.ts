import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {readLogin} from '../../../src/images/push.ts';
import {temporaryFolder} from '../../support/temporary.ts';

it("finds the login of a registry where Docker's command line keeps it", async () => {
  await using folder = await temporaryFolder();
  expect(await readLogin(folder.path, 'registry.example')).toBeUndefined();
  const auth = (text: string): object => ({auth: Buffer.from(text).toString('base64')});
  const auths = {
    'registry.example': auth('me:with:colon'),
    'https://index.docker.io/v1/': auth('hub:x'),
    helped: {},
  };
  await writeFile(join(folder.path, 'config.json'), JSON.stringify({auths}));
  expect(await readLogin(folder.path, 'registry.example')).toEqual({username: 'me', password: 'with:colon'});
  expect(await readLogin(folder.path, 'docker.io')).toEqual({username: 'hub', password: 'x'});
  expect(await readLogin(folder.path, 'helped')).toBeUndefined();
  expect(await readLogin(folder.path, 'other')).toBeUndefined();
});
