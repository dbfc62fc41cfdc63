import type {Bytes} from '../../base/units.ts';

export interface SafetensorsTensor {
  name: string;
  /** `BF16`, `F8_E4M3`. */
  type: string;
  shape: readonly number[];
  elements: number;
  totalBytes: Bytes;
}

/** The head of one safetensors file, which may be one of several. */
export interface SafetensorsHeader {
  metadata: ReadonlyMap<string, string>;
  tensors: readonly SafetensorsTensor[];
  /** Exact, by type name. */
  bytesByType: Readonly<Record<string, Bytes>>;
  tensorBytes: Bytes;
  fileBytes: Bytes;
}
