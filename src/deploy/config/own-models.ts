import {z} from 'zod';
import type {OwnModel} from '../../models/index.ts';

/** Typed on command lines and used as a folder. */
const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** `owner/name`, or `owner/name@revision`. */
const REPOSITORY = /^[\w.-]+\/[\w.-]+(?:@[\w.-]+)?$/;
/** A GGUF file inside a repository, also in a folder there. */
const GGUF_FILE = /^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[\w./ +-]+\.gguf$/i;
const SHA256 = /^[0-9a-fA-F]{64}$/;

/** Text of a form that cannot be said in one word; `form` names the text that says it. */
const text = (pattern: RegExp, form: string) =>
  z.string().refine((given) => pattern.test(given), {params: {form}});

const ownModel = z
  .strictObject({
    huggingface: text(REPOSITORY, 'repository').exactOptional(),
    modelscope: text(REPOSITORY, 'repository').exactOptional(),
    file: text(GGUF_FILE, 'ggufFile').exactOptional(),
    sha256: text(SHA256, 'sha256').exactOptional(),
    path: z.string().min(1).exactOptional(),
    license: z.string().min(1).exactOptional(),
    context: z.int().min(256).exactOptional(),
  })
  .refine(
    ({huggingface, modelscope, file, sha256, path}) => {
      const fromHub = huggingface !== undefined || modelscope !== undefined;
      if (path !== undefined) return !fromHub && file === undefined && sha256 === undefined;
      return fromHub && (sha256 === undefined || file !== undefined);
    },
    {params: {form: 'modelSource'}},
  ) satisfies z.ZodType<OwnModel>;

/** Models that are not in the catalogue, by the name that people type. */
export const ownModelsSchema = z.record(text(MODEL_NAME, 'modelName'), ownModel);
