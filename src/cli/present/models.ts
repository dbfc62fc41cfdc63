import type {Texts} from '../../base/texts/index.ts';
import {formatBytes} from '../../base/units.ts';
import type {HeaderListing, ModelListing, VariantListing} from '../../models/index.ts';
import {keyValues, table} from '../table.ts';

/** One line a variant. */
export function presentModels({models: t}: Texts, models: readonly ModelListing[]): string {
  const rows = models.flatMap(({id, license, variants}) =>
    variants.map((variant) => [id, variant.name, sizeOf(t, variant), t.disk[variant.disk], license]),
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
    ...row(t.labelTerms, model.termsUrl && t.termsNeeded({url: model.termsUrl})),
    ...row(t.labelParameters, known ? model.parameters.toLocaleString('en') : undefined),
    ...row(t.labelContext, known ? t.tokens({count: model.maxContextTokens}) : undefined),
    [t.labelSampling, `temperature ${temperature}, top_p ${topP}, top_k ${topK}, min_p ${minP}`],
    ...model.quality.map(({measure, value, unit, by, source}): [string, string] => [
      t.labelQuality,
      `${measure} ${value}${unit === '%' ? ' %' : unit} (${t.labelAs[by]}: ${source})`,
    ]),
    ...row(t.labelSmaller, model.smaller),
  ];
  const variants = model.variants.flatMap((variant): [string, string][] => [
    ['', ''],
    [t.labelVariant, variant.name],
    [t.labelFormat, variant.format],
    [t.labelSize, sizeOf(t, variant)],
    ...row(t.labelFiles, variant.places.length > 0 ? (variant.files?.toString() ?? t.asListed) : undefined),
    [t.labelDisk, t.disk[variant.disk]],
    ...row(t.labelPath, variant.path),
    ...row(t.labelSha256, variant.sha256),
    ...variant.places.map((place): [string, string] => [t.labelPlaces, place]),
  ]);
  const title = model.standIn ? `${model.id}: ${t.standIn}` : model.title;
  return `${title}\n\n${keyValues([...facts, ...variants])}`;
}

/** What the header of one variant says. */
export function presentHeader(
  {models: t}: Texts,
  title: string,
  header: HeaderListing & {variant: string},
): string {
  const types = Object.entries(header.bytesByType).sort(([, a], [, b]) => b - a);
  const count = (value: number): string => value.toLocaleString('en');
  return `${title} ${header.variant}\n\n${keyValues([
    [t.labelPlaces, header.from],
    [t.labelFormat, header.format],
    ...row(t.labelArchitecture, header.architecture),
    [t.labelParameters, header.parameters === undefined ? t.packed : count(header.parameters)],
    [t.labelTensors, count(header.tensors)],
    [t.labelTensorBytes, count(header.tensorBytes)],
    ...types.map(([type, total]): [string, string] => [t.labelBytes({type}), count(total)]),
    [t.labelFiles, count(header.files)],
    [t.labelSize, `${formatBytes(header.fileBytes)} (${count(header.fileBytes)} B)`],
  ])}`;
}

/** One line, or none when there is nothing to say. */
const row = (label: string, value: string | undefined): [string, string][] =>
  value === undefined || value === '' ? [] : [[label, value]];

function sizeOf(t: Texts['models'], {totalBytes, approximate}: VariantListing): string {
  if (totalBytes === undefined) return '-';
  return approximate ? t.about({size: formatBytes(totalBytes)}) : formatBytes(totalBytes);
}
