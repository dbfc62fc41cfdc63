import type {Texts} from '../../base/texts/index.ts';
import {formatBytes} from '../../base/units.ts';
import type {ProgramPreview} from '../../hosts/index.ts';
import {keyValues} from '../table.ts';

/** A program as it would be started: its command can be read word by word. */
export function presentProgram(t: Texts, program: ProgramPreview): string {
  const label = t.deploy.wouldRunLabels;
  const {
    role,
    name,
    image,
    argv,
    env,
    user,
    mounts = [],
    gpus,
    limits,
    publish,
    network,
    labels = {},
  } = program;
  const rows: [string, string][] = [
    ...one(label.image, image),
    [label.command, argv.map(quoted).join(' ')],
    ...many(label.env, pairs(env)),
    ...one(label.user, user),
    ...many(label.mounts, mounts),
    ...one(label.gpus, gpus?.join(', ')),
    ...one(
      label.limits,
      limits &&
        t.deploy.wouldRunLimits({
          memory: limits.memoryBytes === undefined ? undefined : formatBytes(limits.memoryBytes),
          shared: limits.sharedMemoryBytes === undefined ? undefined : formatBytes(limits.sharedMemoryBytes),
          processes: limits.processes,
        }),
    ),
    ...many(label.publish, publish ?? []),
    ...one(label.network, network),
    ...many(label.labels, pairs(labels)),
  ];
  return `${t.deploy.wouldRun[role]}${name === undefined ? '' : `: ${name}`}\n${keyValues(rows)}`;
}

const one = (name: string, text: string | undefined): [string, string][] =>
  text === undefined ? [] : [[name, text]];

/** One line each, named once. */
const many = (name: string, texts: readonly string[]): [string, string][] =>
  texts.map((text, index) => [index === 0 ? name : '', text]);

const pairs = (record: Readonly<Record<string, string>>): string[] =>
  Object.entries(record).map(([name, text]) => `${name}=${text}`);

/** As a shell would need it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
