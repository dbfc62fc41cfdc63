import type {Texts} from '../../base/texts/index.ts';
import {formatBytes} from '../../base/units.ts';
import type {OwnImage} from '../../hosts/index.ts';
import type {BuiltImage, PrunedImages, SentImage} from '../../images/index.ts';
import {table} from '../table.ts';

/** One line an image: what became of it. */
export const presentBuilds = ({images: t}: Texts, built: readonly BuiltImage[]): string =>
  built
    .map(({reference, totalBytes, built: isNew}) => {
      const told = {reference, size: formatBytes(totalBytes)};
      return isNew ? t.summaryBuilt(told) : t.summaryUnchanged(told);
    })
    .join('\n');

/** One line an image: what it is and what uses it. */
export function presentImages({images: t}: Texts, images: readonly OwnImage[]): string {
  if (images.length === 0) return t.none();
  const rows = images.map(({name, references, id, totalBytes, createdAt, containers}) => [
    name,
    references[0] ?? id.slice(0, 19),
    formatBytes(totalBytes),
    createdAt.toISOString().slice(0, 16).replace('T', ' '),
    containers.join(', ') || '-',
  ]);
  return table(rows, {
    head: [t.headName, t.headReference, t.headSize, t.headCreated, t.headUsed],
    align: ['left', 'left', 'right'],
  });
}

export const presentSent = (
  {images: t}: Texts,
  host: string,
  {reference, layers, movedLayers, movedBytes}: SentImage,
): string =>
  movedLayers === 0
    ? t.sentBefore({reference, host})
    : t.sent({reference, host, moved: movedLayers, layers, size: formatBytes(movedBytes)});

export function presentPruned({images: t}: Texts, {removed, kept}: PrunedImages): string {
  const lines = [
    ...removed.map(({reference}) => t.pruneRemoved({reference})),
    ...kept.map(({reference, why}) => t.pruneKept({reference, why: t.keptBecause[why]})),
  ];
  return lines.length === 0 ? t.none() : lines.join('\n');
}
