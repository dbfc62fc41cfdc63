import {known} from './csv.ts';

/** What the driver is, and the newest CUDA that it runs. */
export interface DriverVersions {
  driver?: string;
  /** `12.8`. */
  cudaCeiling?: string;
}

/**
 * From `nvidia-smi --version`, or the head of the plain table where a driver does not know that option.
 * Drivers of the 610 series call them "KMD version" and "CUDA UMD version", and leave a note at the old names.
 */
export function parseVersions(text: string): DriverVersions {
  const find = (...names: string[]): string | undefined => {
    for (const name of names) {
      const said = new RegExp(`${name} version\\s*:\\s*(\\d+(?:\\.\\d+)+)`, 'i').exec(text)?.[1];
      if (known(said) !== undefined) return said;
    }
    return undefined;
  };
  const driver = find('KMD', 'Driver');
  const cudaCeiling = find('CUDA UMD', 'CUDA');
  return {...(driver !== undefined && {driver}), ...(cudaCeiling !== undefined && {cudaCeiling})};
}

/** Oldest driver of each CUDA major version. Source: CUDA Compatibility, table 1 (Linux). */
const OLDEST_DRIVER: Readonly<Record<number, number>> = {11: 450, 12: 525, 13: 580};

/** Not a number where the text is no version. */
const parts = (version: string): readonly [major: number, minor: number] => {
  const [, major, minor = '0'] = /^(\d+)(?:\.(\d+))?(?:\.\d+)*$/.exec(version) ?? [];
  return [major === undefined ? NaN : Number(major), Number(minor)];
};

export type CudaVerdict =
  /** The driver knows this CUDA or a newer one. */
  | {state: 'fits'}
  /**
   * Same major version, but newer than the driver: NVIDIA's minor version compatibility lets most programs run;
   * those that compile on the card (PTX) and images that demand their CUDA are refused.
   */
  | {state: 'minor'; neededDriver?: number}
  /** GeForce cards have no forward compatibility: the image would fall back to the CPU, or fail with error 804. */
  | {state: 'too-old'; neededDriver?: number}
  | {state: 'unknown'};

/** Does this driver run an image of that CUDA version, on a card without forward compatibility? Pure. */
export function cudaFits({driver, cudaCeiling}: DriverVersions, image: string): CudaVerdict {
  const [major, minor] = parts(image);
  if (Number.isNaN(major)) return {state: 'unknown'};
  const neededDriver = OLDEST_DRIVER[major];
  const needed = neededDriver === undefined ? {} : {neededDriver};
  if (cudaCeiling !== undefined) {
    const [ceiling, ceilingMinor] = parts(cudaCeiling);
    if (Number.isNaN(ceiling)) return {state: 'unknown'};
    if (ceiling > major || (ceiling === major && ceilingMinor >= minor)) return {state: 'fits'};
    return ceiling === major ? {state: 'minor', ...needed} : {state: 'too-old', ...needed};
  }
  const [driverMajor] = parts(driver ?? '');
  if (Number.isNaN(driverMajor) || neededDriver === undefined) return {state: 'unknown'};
  // Without the ceiling only the major version can be judged.
  const next = OLDEST_DRIVER[major + 1];
  if (next !== undefined && driverMajor >= next) return {state: 'fits'};
  return driverMajor >= neededDriver ? {state: 'minor', ...needed} : {state: 'too-old', ...needed};
}
