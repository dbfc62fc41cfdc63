/** The door of images/: the serving images that Berth builds. */
export {ensureImage, nameImage, type EnsuredImage, type EnsureRequest} from './ensure.ts';
export {pruneImages, type PrunedImages} from './prune.ts';
export {pushImage, type PushedImage} from './push.ts';
export {buildImage, type BuiltImage} from './build.ts';
export {restoreImage} from './restore.ts';
export {type ImageChoice} from './request.ts';
export {IMAGE_NAMES, type CudaLine} from './recipe.ts';
export {sendImage, type SentImage} from './send/send.ts';
export {newestImage} from './newest.ts';
