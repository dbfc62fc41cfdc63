import {seconds, type Duration} from '../../base/units.ts';
import type {Ran, Run} from '../run.ts';
import {fieldsFor, LATER, parseCards, refusedField, type CardRow} from './cards.ts';
import {cardFault, faultIn, type CardFault} from './faults.ts';
import {APP_FIELDS, parseComputeApps, parsePmon, type CardProcess} from './processes.ts';
import {parseVersions, type DriverVersions} from './versions.ts';

/** A query takes 10 to 20 ms, and up to seconds when the driver must be loaded first (no persistence mode). */
export const ANSWER_DEADLINE: Duration = seconds(10);

export type Answer<T> = {state: 'ok'; value: T} | {state: 'fault'; fault: CardFault};

/** What nvidia-smi can be asked. Every answer is a value or a fault; only an aborted signal throws. */
export interface Smi {
  /** All cards, or the one with this index or UUID. */
  cards(only?: string, signal?: AbortSignal): Promise<Answer<SeenCards>>;
  computeApps(signal?: AbortSignal): Promise<Answer<CardProcess[]>>;
  monitored(signal?: AbortSignal): Promise<Answer<CardProcess[]>>;
  versions(signal?: AbortSignal): Promise<Answer<DriverVersions>>;
}

export interface SeenCards {
  /** At least one. */
  cards: CardRow[];
  /** What failed beside them: on a machine with several cards one may be lost while the others work. */
  fault?: CardFault;
}

const CSV = '--format=csv,nounits';

/** Everything that nvidia-smi is asked, as its arguments. */
export const QUERIES = {
  cards: (fields: readonly string[]): string[] => [`--query-gpu=${fields.join(',')}`, CSV],
  computeApps: [`--query-compute-apps=${APP_FIELDS.join(',')}`, CSV],
  monitored: ['pmon', '-c', '1', '-s', 'm'],
  versions: ['--version'],
  table: [],
} as const;

/** The same `nvidia-smi`, asked again and again; it remembers which fields this driver does not know. */
export function openSmi(run: Run, deadline: Duration = ANSWER_DEADLINE): Smi {
  const refused = new Set<string>();

  async function ask<T>(
    options: readonly string[],
    read: (ended: Ended) => T | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer<T>> {
    const ran = await run(['nvidia-smi', ...options], {deadline, ...(signal && {signal})});
    switch (ran.state) {
      case 'missing':
        return {state: 'fault', fault: cardFault('not-installed')};
      case 'late':
        return {state: 'fault', fault: cardFault('silent', '', `${deadline / 1000} s`)};
      case 'ended': {
        const value = read(ran);
        if (value !== undefined) return {state: 'ok', value};
        const fault = faultIn({code: ran.code, text: textOf(ran)});
        return {state: 'fault', fault: fault ?? cardFault('unreadable', ran.stdout.trim().split('\n')[0])};
      }
    }
  }

  async function cards(only?: string, signal?: AbortSignal): Promise<Answer<SeenCards>> {
    // Each turn drops one field, so there is an end to it.
    for (let turn = 0; ; turn++) {
      const options = [...(only === undefined ? [] : ['-i', only]), ...QUERIES.cards(fieldsFor(refused))];
      const answer = await ask(options, seenCards, signal);
      const field = answer.state === 'fault' ? refusedField(answer.fault.line) : undefined;
      if (field === undefined || refused.has(field) || turn > 2 * LATER.length) return answer;
      refused.add(field);
    }
  }

  return {
    cards,
    computeApps: (signal) => ask(QUERIES.computeApps, listed(parseComputeApps), signal),
    monitored: (signal) => ask(QUERIES.monitored, listed(parsePmon), signal),
    async versions(signal) {
      const told = await ask(QUERIES.versions, versionsIn, signal);
      // Older drivers do not know the option; the table's head has said it since 410.
      return told.state === 'ok' || told.fault.name === 'silent'
        ? told
        : ask(QUERIES.table, versionsIn, signal);
    },
  };
}

type Ended = Extract<Ran, {state: 'ended'}>;

const textOf = ({stdout, stderr}: Ended): string => `${stdout}\n${stderr}`;

/** Rows count whatever the exit code; words count only outside of rows, where no process can put them. */
function seenCards(ended: Ended): SeenCards | undefined {
  const {cards, stray} = parseCards(ended.stdout);
  if (cards.length === 0) return undefined;
  const fault = faultIn({code: ended.code, text: [...stray, ended.stderr].join('\n')});
  return {cards, ...(fault && {fault})};
}

/** A list may be empty, so here the exit code decides. */
const listed =
  (parse: (text: string) => CardProcess[]) =>
  ({code, stdout}: Ended): CardProcess[] | undefined =>
    code === 0 ? parse(stdout) : undefined;

function versionsIn(ended: Ended): DriverVersions | undefined {
  const versions = parseVersions(ended.stdout);
  return versions.cudaCeiling === undefined ? undefined : versions;
}
