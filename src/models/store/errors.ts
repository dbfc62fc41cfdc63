import {BerthError, ExitCode} from '../../base/errors.ts';
import type {Say} from '../../base/texts/index.ts';
import {formatBytes} from '../../base/units.ts';
import type {HubTrouble, TroubleKind} from '../hubs/trouble.ts';
import type {Model} from '../model.ts';

/** The most telling of what went wrong at the hubs, as one error. */
export function downloadFailed(model: Model, troubles: readonly HubTrouble[]): BerthError {
  const worst = ORDER.find((kind) => troubles.some((trouble) => trouble.kind === kind)) ?? 'unreachable';
  const {code, what, first} = describe(worst, model);
  return new BerthError({
    code,
    what,
    why: () => troubles.map(({message}) => message).join('; '),
    try: [
      ...first,
      `berth models pull ${model.id}`,
      'berth deploy --model ./FILE.gguf',
      'berth deploy --model nano',
    ],
    exit: worst === 'corrupt' ? ExitCode.failed : ExitCode.unreachable,
    details: {model: model.id, hubs: troubles.map(({kind, message}) => ({kind, message}))},
    cause: troubles.at(-1),
  });
}

const ORDER: readonly TroubleKind[] = [
  'corrupt',
  'forbidden',
  'missing',
  'dropped',
  'busy',
  'broken',
  'unreachable',
];

function describe(kind: TroubleKind, {title}: Model): {code: string; what: Say; first: readonly string[]} {
  switch (kind) {
    case 'corrupt':
      return {code: 'download_corrupt', what: (t) => t.models.downloadCorrupt({title}), first: []};
    case 'forbidden':
      return {
        code: 'hub_forbidden',
        what: (t) => t.models.hubForbidden({title}),
        first: ['export HF_TOKEN=…'],
      };
    case 'missing':
      return {code: 'hub_file_missing', what: (t) => t.models.hubFileMissing({title}), first: []};
    case 'dropped':
      return {code: 'download_interrupted', what: (t) => t.models.downloadInterrupted({title}), first: []};
    case 'busy':
    case 'broken':
    case 'unreachable':
      return {
        code: 'hub_unreachable',
        what: (t) => t.models.hubUnreachable({title}),
        first: ['export HF_ENDPOINT=https://hf-mirror.com'],
      };
  }
}

export function diskFull(folder: string, neededBytes: number, freeBytes: number): BerthError {
  return new BerthError({
    code: 'disk_full',
    what: (t) => t.models.diskFull({folder, needed: formatBytes(neededBytes), free: formatBytes(freeBytes)}),
    try: [
      'berth models',
      'berth models rm ID',
      `df -h ${folder}`,
      'export BERTH_CACHE_HOME=/FOLDER/WITH/ROOM',
    ],
    details: {folder, neededBytes, freeBytes},
  });
}

export function folderNotWritable(folder: string, cause: unknown): BerthError {
  return new BerthError({
    code: 'folder_not_writable',
    what: (t) => t.models.folderNotWritable({folder}),
    try: [`ls -ld ${folder}`, 'export BERTH_CACHE_HOME=/FOLDER/OF/YOURS'],
    details: {folder},
    cause,
  });
}
