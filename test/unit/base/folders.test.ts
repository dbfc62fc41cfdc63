import {resolve} from 'node:path';
import {describe, expect, it} from 'vitest';
import {chooseFolders} from '../../../src/base/folders.ts';

const HOME = '/home/ana';
const USUAL = {
  state: '/home/ana/.local/state/berth',
  cache: '/home/ana/.cache/berth',
  config: '/home/ana/.config/berth',
};

describe('the folders of this machine', () => {
  it('are those of the XDG specification', () => {
    expect(chooseFolders({HOME})).toEqual(USUAL);
    expect(chooseFolders({HOME, XDG_CACHE_HOME: '/big'})).toEqual({...USUAL, cache: '/big/berth'});
  });

  it('take an empty variable for none, and leave relative paths of that specification out', () => {
    expect(chooseFolders({HOME, XDG_CACHE_HOME: '', XDG_STATE_HOME: 'state', BERTH_CONFIG_HOME: ''})).toEqual(
      USUAL,
    );
  });

  it('are where Berth was told, as a path that holds in other folders too', () => {
    expect(chooseFolders({HOME, BERTH_CACHE_HOME: 'weights'}).cache).toBe(resolve('weights'));
    expect(chooseFolders({HOME, BERTH_STATE_HOME: '/srv/berth', XDG_STATE_HOME: '/x'}).state).toBe(
      '/srv/berth',
    );
  });
});
