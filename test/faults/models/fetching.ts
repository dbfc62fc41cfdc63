/**
 * `node fetching.ts FOLDER FILE_NAME`: fetches that file from the hubs of the environment into a store, as a command
 * would; prints each step it starts, and the weights or the error's code at the end.
 */
import {systemClock} from '../../../src/base/clock.ts';
import {BerthError} from '../../../src/base/errors.ts';
import {findModel, openWeightsStore, type Variant} from '../../../src/models/index.ts';

const [folder = '', fileName = ''] = process.argv.slice(2);
const variant: Variant = {
  name: 'F16',
  format: 'gguf',
  file: {
    from: 'hub',
    files: [{path: fileName}],
    places: [{hub: 'huggingface', repository: 'a/b', revision: 'c'}],
  },
};
const model = {...findModel('nano'), id: 'tested', variants: [variant]};
try {
  const store = openWeightsStore({folder, env: process.env, clock: systemClock});
  const weights = await store.ensure(model, variant, {
    progress: ({id, status, current = 0}) => console.log(id, status, current),
  });
  console.log('weights', weights.sha256);
} catch (error) {
  if (!(error instanceof BerthError)) throw error;
  console.log('failed', error.code);
}
