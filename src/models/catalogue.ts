import {basename, isAbsolute, resolve} from 'node:path';
import {BerthError, ExitCode} from '../base/errors.ts';
import {nearest} from '../base/nearest.ts';
import {DEEPSEEK_V2, DEEPSEEK_V2_LITE} from './catalogue/deepseek-v2.ts';
import {LLAMA_3_8B} from './catalogue/llama-3-8b.ts';
import {NANO} from './catalogue/nano.ts';
import {QWEN3_4B} from './catalogue/qwen3-4b.ts';
import type {Model, Variant} from './model.ts';
import {unknownModel, variantOfPath} from './own.ts';

/** What is deployed when nobody says otherwise. */
export const DEFAULT_MODEL = QWEN3_4B.id;

/** Every model that Berth knows by name, the default first. */
export const CATALOGUE: readonly Model[] = [QWEN3_4B, LLAMA_3_8B, DEEPSEEK_V2_LITE, DEEPSEEK_V2, NANO];

/** Short names that people type. */
const ALIASES: Partial<Record<string, string>> = {
  'qwen3-4b': QWEN3_4B.id,
  'qwen3-4b-instruct': QWEN3_4B.id,
  'llama3-8b': LLAMA_3_8B.id,
  'llama-3-8b': LLAMA_3_8B.id,
  'deepseek-v2-lite': DEEPSEEK_V2_LITE.id,
  'deepseek-v2': DEEPSEEK_V2.id,
};

/** The id that a name of the catalogue stands for, in lower case; a name that it does not know stands for itself. */
export const fullName = (name: string): string => ALIASES[name.toLowerCase()] ?? name.toLowerCase();

/** The catalogue with the user's own models, which win over an entry of the same name. */
export const allModels = (own: readonly Model[]): Model[] => [
  ...own,
  ...CATALOGUE.filter(({id}) => !own.some((each) => each.id === id)),
];

/**
 * The model of this name; or, for something that looks like a path (`./my.gguf`, `/models/my`), a model
 * made of what lies there. Throws `unknown_model` with the nearest names.
 */
export function findModel(name: string, own: readonly Model[] = []): Model {
  const models = allModels(own);
  // A model of the user's own may have any name, also a short one of the catalogue.
  const known =
    models.find(({id}) => id === name.toLowerCase()) ?? models.find(({id}) => id === fullName(name));
  if (known) return known;
  if (looksLikePath(name)) return modelOfPath(resolve(name));
  const ids = models.map(({id}) => id);
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
  isAbsolute(name) || /^\.{1,2}[/\\]/.test(name) || /\.(?:gguf|safetensors)$/i.test(name);

function modelOfPath(path: string): Model {
  const id = basename(path).replace(/\.(?:gguf|safetensors)$/i, '');
  return {...unknownModel(id), variants: [variantOfPath('file', path)]};
}
