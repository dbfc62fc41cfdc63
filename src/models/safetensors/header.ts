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
/** What belongs to a quantisation and is no weight: scales, zero points, group indices. */
const HELPER =
  /[._](?:weight_)?(?:scale|scale_inv|scales|input_scale|output_scale|zero_point|qzeros|zeros|g_idx|weight_shape)$/;
/** Several weights in one element: how many, the header does not say. */
const PACKED = /[._](?:weight_packed|qweight)$/;

/** Weights of the model in these tensors; undefined when they are packed, so that nobody can count them here. */
export function countParameters(tensors: readonly SafetensorsTensor[]): number | undefined {
  if (tensors.some(({name}) => PACKED.test(name))) return undefined;
  return tensors.filter(({name}) => !HELPER.test(name)).reduce((sum, {elements}) => sum + elements, 0);
}
