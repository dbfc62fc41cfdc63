import {createHash} from 'node:crypto';
import {mkdtemp, readdir, readFile, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, expect} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {bytes, ms, seconds} from '../../../src/base/units.ts';
import {
  buildNano,
  findModel,
  openWeightsStore,
  type Model,
  type Variant,
  type WeightsStore,
} from '../../../src/models/index.ts';
import {startFakeHub, type FakeHub, type Misbehaviour} from '../../fakes/hub/hub.ts';

const place = {repository: 'someone/model', revision: 'a1b2'};
const content = buildNano();
const variant: Variant = {
  name: 'F16',
  format: 'gguf',
  file: {
    from: 'hub',
    files: [{path: 'model.gguf'}],
    totalBytes: bytes(content.length),
    places: [
      {hub: 'huggingface', ...place},
      {hub: 'modelscope', ...place},
    ],
  },
};
const model: Model = {
  ...findModel('nano'),
  id: 'tested',
  title: 'Tested',
  standIn: false,
  variants: [variant],
};

export interface DownloadRig {
  content: Uint8Array;
  sha256: string;
  model: Model;
  variant: Variant;
  folder: string;
  hf: FakeHub;
  modelScope: FakeHub;
  store: (env?: NodeJS.ProcessEnv, pieceBytes?: number) => WeightsStore;
  path: () => string;
  /** Whole, right, remembered, and nothing left lying about. */
  expectWhole: (opened?: WeightsStore) => Promise<void>;
  /** Nothing that could be taken for the weights is there. */
  expectNothingUsable: () => Promise<void>;
  onlyHuggingFace: (misbehave: Misbehaviour) => void;
}

/** Before each test of a file: two hubs that have one file, and an empty store that asks them. */
export function downloadRig(): DownloadRig {
  const rig: DownloadRig = {
    content,
    sha256: createHash('sha256').update(content).digest('hex'),
    model,
    variant,
    folder: '',
    hf: undefined as unknown as FakeHub,
    modelScope: undefined as unknown as FakeHub,
    store: (env: NodeJS.ProcessEnv = {}, pieceBytes = 2 ** 25): WeightsStore =>
      openWeightsStore({
        pieceBytes,
        folder: rig.folder,
        env: {HF_ENDPOINT: rig.hf.url, MODELSCOPE_ENDPOINT: rig.modelScope.url, ...env},
        clock: systemClock,
        patience: {answer: seconds(2), stall: ms(400), backoff: ms(20)},
      }),
    path: () => join(rig.folder, 'tested', 'model.gguf'),
    expectWhole: async (opened = rig.store()): Promise<void> => {
      const weights = await opened.find(model, variant);
      expect(weights).toEqual({path: rig.path(), totalBytes: content.length, sha256: rig.sha256});
      expect(
        createHash('sha256')
          .update(await readFile(rig.path()))
          .digest('hex'),
      ).toBe(rig.sha256);
      expect(await readdir(dirname(rig.path()))).toEqual(['model.gguf']);
    },
    expectNothingUsable: async (): Promise<void> => {
      expect(await rig.store().find(model, variant)).toBeUndefined();
      await expect(stat(rig.path())).rejects.toMatchObject({code: 'ENOENT'});
    },
    onlyHuggingFace: (misbehave: Misbehaviour): void => {
      rig.hf.misbehave = misbehave;
      rig.modelScope.misbehave = {status: 404};
    },
  };
  beforeEach(async () => {
    rig.folder = await mkdtemp(join(tmpdir(), 'berth-store-'));
    rig.hf = await startFakeHub(content);
    rig.modelScope = await startFakeHub(content);
  });
  afterEach(async () => {
    await Promise.all([rig.hf.close(), rig.modelScope.close()]);
    await rm(rig.folder, {recursive: true, force: true});
  });
  return rig;
}
