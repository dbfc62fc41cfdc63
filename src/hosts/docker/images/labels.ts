/** Labels of images that Berth builds. */
export const LABELS = {
  /** Its name: a folder of images/. */
  image: 'dev.berth.image',
  /** Version of the Berth that built it. */
  version: 'dev.berth.version',
  /** SHA-256 of what it was made of. */
  inputs: 'dev.berth.inputs',
  /** SHA-256 of what it was made of, its base left out: the same whatever it was built from. */
  code: 'dev.berth.code',
  /** What it was built from, as it was asked for. */
  base: 'dev.berth.base',
  /** On what holds only the lower layers of an image that is being sent: the id of that image. */
  partOf: 'dev.berth.part-of',
} as const;
