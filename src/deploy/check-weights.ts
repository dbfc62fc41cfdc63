import {BerthError, ExitCode} from '../base/errors.ts';
import {bytes, formatBytes, type Bytes} from '../base/units.ts';
import type {Variant} from '../models/index.ts';
import type {DeployParts} from './parts.ts';
import type {Target} from './resolve.ts';

/**
 * Proves before a download that the weights can be of use: that they alone fit the device at all, and that
 * the engine loads their format. Throws `does_not_fit` or `variant_needs_engine`.
 */
export async function checkWeights(parts: DeployParts, target: Target): Promise<void> {
  const {totalBytes} = await parts.device.facts();
  checkSize(target, totalBytes);
  checkFormat(target);
}

/** Fewer bits than this a parameter, and nothing of a model is left. */
const FEWEST_BITS = 2;

function checkSize({model, variant}: Target, deviceBytes: Bytes): void {
  const size = sizeOf(variant);
  if (size === undefined || size <= deviceBytes) return;
  const fits = model.variants.find((other) => {
    const otherSize = sizeOf(other);
    return otherSize !== undefined && otherSize <= deviceBytes;
  });
  const fewest = bytes((model.parameters * FEWEST_BITS) / 8);
  throw new BerthError({
    code: 'does_not_fit',
    what: (t) =>
      t.deploy.weightsTooLarge({
        model: model.title,
        variant: variant.name,
        size: formatBytes(size),
        device: formatBytes(deviceBytes),
        missing: formatBytes(size - deviceBytes),
      }),
    ...(fewest > deviceBytes && {
      why: (t) =>
        t.deploy.weightsTooLargeSum({
          billions: Math.round(model.parameters / 1e9),
          bits: FEWEST_BITS,
          size: formatBytes(fewest),
          device: formatBytes(deviceBytes),
        }),
    }),
    try: [
      ...(fits ? [`berth deploy --model ${model.id} --variant ${fits.name}`] : []),
      ...(model.smaller === undefined ? [] : [`berth deploy --model ${model.smaller}`]),
      'berth models',
      'berth capacity',
    ],
    exit: ExitCode.doesNotFit,
    details: {
      neededBytes: size,
      availableBytes: deviceBytes,
      missingBytes: bytes(size - deviceBytes),
      ...(model.smaller !== undefined && {smaller: model.smaller}),
    },
  });
}

const sizeOf = ({file}: Variant): Bytes | undefined => (file.from === 'hub' ? file.totalBytes : undefined);

/** The llama.cpp family loads its own format alone, and vLLM is told to load nothing but safetensors. */
function checkFormat({model, variant, engine}: Target): void {
  const loads = engine.name === 'vllm' ? 'safetensors' : 'gguf';
  if (variant.format === loads) return;
  const other = model.variants.find(({format}) => format === loads);
  const able = loads === 'gguf' ? 'vllm' : 'llama-cpp';
  throw new BerthError({
    code: 'variant_needs_engine',
    what: (t) =>
      t.deploy.variantNeedsEngine({
        model: model.id,
        variant: variant.name,
        format: variant.format,
        engine: engine.name,
      }),
    try: [
      ...(other ? [`berth deploy --model ${model.id} --variant ${other.name}`] : []),
      `berth deploy --model ${model.id} --variant ${variant.name} --engine ${able}`,
    ],
    exit: ExitCode.usage,
    details: {format: variant.format, engine: engine.name},
  });
}
