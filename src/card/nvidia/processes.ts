import {mib, type Bytes} from '../../base/units.ts';
import {countIn, known, linesOf, numberIn, readCsv} from './csv.ts';

/** A process that the driver names, on one card. */
export interface CardProcess {
  pid: number;
  /** UUID of its card; undefined from `pmon`, which tells the index. */
  uuid?: string;
  index?: number;
  /** As the driver read it; undefined when it could not. */
  name?: string;
  /** Undefined when the driver does not tell (Windows, some containers). */
  usedBytes?: Bytes;
  uses: 'compute' | 'graphics' | 'both';
}

export const APP_FIELDS = ['gpu_uuid', 'pid', 'process_name', 'used_gpu_memory'] as const;

/** `nvidia-smi --query-compute-apps`: compute processes only, with their whole program path. */
export function parseComputeApps(text: string): CardProcess[] {
  const {rows} = readCsv(text, {required: ['pid', 'gpu_uuid'], freeText: 'process_name'});
  return rows.flatMap((cells) => {
    const pid = countIn(cells.get('pid'));
    const uuid = known(cells.get('gpu_uuid'));
    const name = known(cells.get('process_name'));
    const used = numberIn(cells.get('used_gpu_memory') ?? cells.get('used_memory'));
    if (pid === undefined || uuid === undefined) return [];
    return [
      {
        pid,
        uuid,
        uses: 'compute' as const,
        ...(name !== undefined && {name}),
        ...(used !== undefined && used >= 0 && {usedBytes: mib(used)}),
      },
    ];
  });
}

const USES: Readonly<Record<string, CardProcess['uses']>> = {
  C: 'compute',
  G: 'graphics',
  'C+G': 'both',
  // A client of the MPS server computes.
  'M+C': 'compute',
};

/**
 * `nvidia-smi pmon -c 1 -s m`: every process, graphics too, with its memory. Columns are found by the
 * header's words; the command is the last of them and may hold spaces.
 */
export function parsePmon(text: string): CardProcess[] {
  let columns: readonly string[] | undefined;
  const seen: CardProcess[] = [];
  for (const line of linesOf(text)) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '#') {
      if (words.includes('pid')) columns = words.slice(1);
      continue;
    }
    if (!columns) continue;
    const cell = (name: string): string | undefined => {
      const at = columns?.indexOf(name) ?? -1;
      return at < 0 ? undefined : words[at];
    };
    const command = columns.indexOf('command');
    const [pid, index, uses] = [countIn(cell('pid')), countIn(cell('gpu')), USES[cell('type') ?? '']];
    if (pid === undefined || index === undefined || uses === undefined) continue;
    const name = command < 0 ? undefined : known(words.slice(command).join(' '));
    const used = numberIn(cell('fb'));
    seen.push({
      pid,
      index,
      uses,
      ...(name !== undefined && {name}),
      ...(used !== undefined && used >= 0 && {usedBytes: mib(used)}),
    });
  }
  return seen;
}

/**
 * One list of both answers for one card. `pmon` knows the kind and graphics processes, the compute query the
 * whole name; for memory the larger of both counts, since they are read moments apart.
 */
export function mergeProcesses(
  card: {uuid: string; index: number},
  apps: readonly CardProcess[],
  monitored: readonly CardProcess[],
): CardProcess[] {
  const merged = new Map<number, CardProcess>();
  for (const one of monitored) if (one.index === card.index) merged.set(one.pid, one);
  for (const one of apps) {
    if (one.uuid !== card.uuid) continue;
    const before = merged.get(one.pid);
    const sizes = [before?.usedBytes, one.usedBytes].filter((size) => size !== undefined);
    const largest = sizes.sort((a, b) => b - a)[0];
    merged.set(one.pid, {
      ...before,
      ...one,
      uses: before?.uses === 'both' || before?.uses === 'graphics' ? 'both' : 'compute',
      ...(largest !== undefined && {usedBytes: largest}),
    });
  }
  return [...merged.values()].sort((a, b) => a.pid - b.pid);
}
