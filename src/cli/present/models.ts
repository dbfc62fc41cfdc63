import type {Texts} from '../../base/texts/index.ts';
import {formatBytes} from '../../base/units.ts';
import type {ModelListing, VariantListing} from '../../models/index.ts';
import {keyValues, table} from '../table.ts';

/** One line a variant. */
export function presentModels({models: t}: Texts, models: readonly ModelListing[]): string {
  const rows = models.flatMap(({id, license, variants}) =>
    variants.map((variant) => [id, variant.name, sizeOf(variant), t.disk[variant.disk], license]),
  );
  return table(rows, {
    head: [t.headModel, t.headVariant, t.headSize, t.headDisk, t.headLicense],
    align: ['left', 'left', 'right'],
  });
}

export function presentModel({models: t}: Texts, model: ModelListing): string {
  const {temperature, topP, topK, minP} = model.sampling;
  const known = model.parameters > 0;
  const facts: [string, string][] = [
    [t.labelLicense, model.license],
    ...(known ? ([[t.labelParameters, model.parameters.toLocaleString('en')]] as [string, string][]) : []),
    ...(known ? ([[t.labelContext, t.tokens({count: model.maxContextTokens})]] as [string, string][]) : []),
    [t.labelSampling, `temperature ${temperature}, top_p ${topP}, top_k ${topK}, min_p ${minP}`],
  ];
  const variants = model.variants.flatMap((variant): [string, string][] => [
    ['', ''],
    [t.labelVariant, variant.name],
    [t.labelSize, sizeOf(variant)],
    [t.labelDisk, t.disk[variant.disk]],
    ...(variant.path === undefined ? [] : ([[t.labelPath, variant.path]] as [string, string][])),
    ...(variant.sha256 === undefined ? [] : ([[t.labelSha256, variant.sha256]] as [string, string][])),
    ...variant.places.map((place): [string, string] => [t.labelPlaces, place]),
  ]);
  const title = model.standIn ? `${model.id}: ${t.standIn}` : model.title;
  return `${title}\n\n${keyValues([...facts, ...variants])}`;
}

const sizeOf = ({totalBytes}: VariantListing): string =>
  totalBytes === undefined ? '-' : formatBytes(totalBytes);
