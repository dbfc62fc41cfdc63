/** Short ways to write where weights come from. */
import {bytes} from '../../base/units.ts';
import type {HubPlace, Variant} from '../model.ts';

/** A commit (40 hex digits) of Hugging Face, or the branch where none is known. */
export const huggingFace = (repository: string, revision = 'main'): HubPlace => ({
  hub: 'huggingface',
  repository,
  revision,
});

export const modelScope = (repository: string, revision = 'master'): HubPlace => ({
  hub: 'modelscope',
  repository,
  revision,
});

/** A variant that is one GGUF file. Without a hash, the hub's own claim is verified and recorded. */
export const ggufFile = (
  name: string,
  [path, totalBytes, sha256]: readonly [path: string, totalBytes: number, sha256?: string],
  places: readonly HubPlace[],
): Variant => ({
  name,
  format: 'gguf',
  file: {
    from: 'hub',
    files: [{path, totalBytes: bytes(totalBytes), ...(sha256 !== undefined && {sha256})}],
    totalBytes: bytes(totalBytes),
    places,
  },
});

/** A variant that is the repository of which the hub itself lists the files. */
export const repositoryOf = (
  name: string,
  size: {totalBytes: number; approximate?: true},
  places: readonly HubPlace[],
): Variant => ({
  name,
  format: 'safetensors',
  file: {from: 'hub', ...size, totalBytes: bytes(size.totalBytes), places},
});
