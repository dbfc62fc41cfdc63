import type {Progress} from '../base/progress.ts';
import type {ImageName} from '../engines/index.ts';
import type {Images} from '../hosts/index.ts';
import type {CudaLine} from './recipe.ts';

/** Where an image comes from, when it is not what the recipe says. */
export interface ImageChoice {
  /** Build from this image instead of the recipe's base. */
  base?: string;
  /** Pull bases from a mirror with this prefix. */
  registryPrefix?: string;
  cuda?: CudaLine;
}

export interface BuildRequest extends ImageChoice {
  name: ImageName;
  /** The engine that builds and keeps it. */
  images: Images;
  /** Folder for what can be made again. */
  cache: string;
  progress: Progress;
  signal?: AbortSignal;
}
