/** The door of images/: the serving images that Berth builds. */
export {buildImage, type BuiltImage, type ImageChoice} from './build.ts';
export {CUDA_LINES, IMAGE_NAMES, type CudaLine} from './recipe.ts';
