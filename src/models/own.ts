/** Models that are not in the catalogue: the user's own, from berth.yaml or from a path. */
import {basename} from 'node:path';
import type {HubPlace, Model, Variant} from './model.ts';

/** A model as `models:` in berth.yaml describes it. */
export interface OwnModel {
  /** `owner/name`, or `owner/name@revision`. */
  huggingface?: string | undefined;
  modelscope?: string | undefined;
  /** The GGUF file in the repository. Left out: the repository's safetensors. */
  file?: string | undefined;
  /** Of that file. */
  sha256?: string | undefined;
  /** A file or folder on the machine instead; absolute. */
  path?: string | undefined;
  license?: string | undefined;
  /** Longest context, in tokens. */
  context?: number | undefined;
}

/** The models that the `models:` section of berth.yaml describes. */
export const ownModels = (section: Readonly<Record<string, OwnModel>>): Model[] =>
  Object.entries(section).map(([id, own]) => ({
    ...unknownModel(id),
    ...(own.license !== undefined && {license: own.license}),
    ...(own.context !== undefined && {maxContextTokens: own.context}),
    variants: [variantOf(own)],
  }));

/** What a file cannot say of itself without being read is left open: its header says it at planning. */
export const unknownModel = (id: string): Omit<Model, 'variants'> => ({
  id,
  title: id,
  license: 'unknown',
  maxContextTokens: Number.MAX_SAFE_INTEGER,
  parameters: 0,
  sampling: {temperature: 0.7, topP: 0.8, topK: 20, minP: 0},
  quality: [],
  standIn: false,
});

export const variantOfPath = (name: string, path: string): Variant => ({
  name,
  format: /\.gguf$/i.test(path) ? 'gguf' : 'safetensors',
  file: {from: 'path', path},
});

function variantOf({huggingface, modelscope, file, sha256, path}: OwnModel): Variant {
  if (path !== undefined) return variantOfPath(quantisationOf(path) ?? 'file', path);
  const places = [
    ...(huggingface === undefined ? [] : [placeOf('huggingface', huggingface, 'main')]),
    ...(modelscope === undefined ? [] : [placeOf('modelscope', modelscope, 'master')]),
  ];
  if (file === undefined) return {name: 'repository', format: 'safetensors', file: {from: 'hub', places}};
  return {
    name: quantisationOf(file) ?? 'file',
    format: 'gguf',
    file: {from: 'hub', files: [{path: file, ...(sha256 !== undefined && {sha256})}], places},
  };
}

function placeOf(hub: HubPlace['hub'], text: string, branch: string): HubPlace {
  const [repository = '', revision = branch] = text.split('@');
  return {hub, repository, revision};
}

/** `Q4_K_M` in `my-model-Q4_K_M.gguf`. */
const quantisationOf = (path: string): string | undefined =>
  /[.-](I?Q\d\w*|B?F16|F32)\.gguf$/i.exec(basename(path))?.[1]?.toUpperCase();
