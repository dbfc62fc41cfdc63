/** The door of watch/: the program that measures a device for a deployment. */
export {watchSpec} from './launch.ts';
