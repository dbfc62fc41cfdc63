/** Where the weights of a variant lie. */
import {stat} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {systemCode} from '../../base/errors.ts';
import type {Model, Variant} from '../model.ts';
import {NANO_SHA256} from '../nano/nano.ts';

export interface Where {
  kind: 'file' | 'folder';
  path: string;
  /** What the one file must be, where that is known. */
  sha256?: string | undefined;
}

export async function weightsPath(
  folder: string,
  model: Model,
  {file: source, name}: Variant,
): Promise<Where> {
  switch (source.from) {
    case 'path':
      return {kind: (await isFolder(source.path)) ? 'folder' : 'file', path: source.path};
    case 'built-in':
      return {
        kind: 'file',
        path: join(folder, model.id, `${model.id}-${NANO_SHA256.slice(0, 8)}.gguf`),
        sha256: NANO_SHA256,
      };
    case 'hub': {
      const [only, ...more] = source.files ?? [];
      if (!only || more.length > 0) return {kind: 'folder', path: join(folder, model.id, name)};
      return {kind: 'file', path: join(folder, model.id, basename(only.path)), sha256: only.sha256};
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}
