import {basename, isAbsolute, resolve} from 'node:path';
import {BerthError, ExitCode} from '../base/errors.ts';
import {nearest} from '../base/nearest.ts';
import {bytes} from '../base/units.ts';
import type {Model, Variant} from './model.ts';

/** What is deployed when nobody says otherwise. */
export const DEFAULT_MODEL = 'qwen3-4b-instruct-2507';

const QWEN3_4B: Model = {
  id: DEFAULT_MODEL,
  title: 'Qwen3-4B-Instruct-2507',
  license: 'Apache-2.0',
  maxContextTokens: 262_144,
  parameters: 4_022_468_096,
  sampling: {temperature: 0.7, topP: 0.8, topK: 20, minP: 0},
  standIn: false,
  variants: [
    {
      name: 'Q4_K_M',
      file: {
        from: 'hub',
        fileName: 'Qwen3-4B-Instruct-2507-Q4_K_M.gguf',
        totalBytes: bytes(2_497_281_120),
        // Its SHA-256 is not pinned here: the hub's own claim is verified and remembered.
        places: [
          {
            hub: 'huggingface',
            repository: 'unsloth/Qwen3-4B-Instruct-2507-GGUF',
            revision: 'a06e946bb6b655725eafa393f4a9745d460374c9',
            path: 'Qwen3-4B-Instruct-2507-Q4_K_M.gguf',
          },
          {
            hub: 'modelscope',
            repository: 'unsloth/Qwen3-4B-Instruct-2507-GGUF',
            revision: '0b0406b39725d752255ffeb48f102c66f98e14aa',
            path: 'Qwen3-4B-Instruct-2507-Q4_K_M.gguf',
          },
        ],
      },
    },
  ],
};

const NANO: Model = {
  id: 'nano',
  title: 'nano (built-in stand-in)',
  license: 'Apache-2.0',
  maxContextTokens: 32_768,
  parameters: 3_330_304,
  sampling: {temperature: 0.7, topP: 0.8, topK: 20, minP: 0},
  standIn: true,
  variants: [{name: 'F16', file: {from: 'built-in'}}],
};

/** Every model that Berth knows by name, the default first. */
export const CATALOGUE: readonly Model[] = [QWEN3_4B, NANO];

/**
 * The model of this name; or, for something that looks like a path (`./my.gguf`, `/models/my.gguf`), a model
 * made of that file. Throws `unknown_model` with the nearest names.
 */
export function findModel(name: string): Model {
  const known = CATALOGUE.find(({id}) => id === name.toLowerCase());
  if (known) return known;
  if (looksLikePath(name)) return modelOfFile(resolve(name));
  const ids = CATALOGUE.map(({id}) => id);
  const near = nearest(name, ids);
  throw new BerthError({
    code: 'unknown_model',
    what: (t) => t.models.unknownModel({name, known: ids.join(', ')}),
    try: (near.length > 0 ? near : ids).map((id) => `berth deploy --model ${id}`).concat('berth models'),
    exit: ExitCode.usage,
    details: {name, known: ids},
  });
}

/** The variant of this name, or the model's first; throws `unknown_variant`. */
export function chooseVariant(model: Model, wanted: string | undefined): Variant {
  const variant =
    wanted === undefined
      ? model.variants[0]
      : model.variants.find(({name}) => name.toLowerCase() === wanted.toLowerCase());
  if (variant) return variant;
  const known = model.variants.map(({name}) => name);
  throw new BerthError({
    code: 'unknown_variant',
    what: (t) => t.models.unknownVariant({model: model.id, name: wanted ?? '', known: known.join(', ')}),
    try: [`berth models show ${model.id}`],
    exit: ExitCode.usage,
    details: {known},
  });
}

const looksLikePath = (name: string): boolean =>
  isAbsolute(name) || /^\.{1,2}[/\\]/.test(name) || /\.gguf$/i.test(name);

/** What a file cannot say of itself without being read is left open: its header says it at planning. */
function modelOfFile(path: string): Model {
  const id = basename(path).replace(/\.gguf$/i, '');
  return {
    id,
    title: id,
    license: 'unknown',
    maxContextTokens: Number.MAX_SAFE_INTEGER,
    parameters: 0,
    sampling: {temperature: 0.7, topP: 0.8, topK: 20, minP: 0},
    standIn: false,
    variants: [{name: 'file', file: {from: 'path', path}}],
  };
}
