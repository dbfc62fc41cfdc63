import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '../../../src/base/clock.ts';
import {ms, seconds} from '../../../src/base/units.ts';
import {
  examineCards,
  followCards,
  openNvidiaDevice,
  type CardFault,
  type Run,
} from '../../../src/card/index.ts';
import {fieldsFor} from '../../../src/card/nvidia/cards.ts';
import type {StartLoop} from '../../../src/card/nvidia/follow.ts';
import {QUERIES} from '../../../src/card/nvidia/smi.ts';
import {quantile} from '../harness.ts';

export interface RecordOptions {
  run: Run;
  start: StartLoop;
  clock: Clock;
  /** Where the two files go. */
  folder: string;
  /** How often each query is timed. */
  rounds?: number;
  /** Rows of the loop that are timed, one every 100 ms. */
  rows?: number;
}

export type Recorded = {state: 'recorded'; files: string[]} | {state: 'no-card'; fault: CardFault};

const DEADLINE = seconds(30);
const EVERY = ms(100);

/**
 * Asks a machine's nvidia-smi everything that Berth asks, and writes down the answers as they are (for tests), how
 * long they take, how evenly a loop flushes its rows, and what Berth makes of all that. Changes nothing.
 */
export async function recordCards(options: RecordOptions): Promise<Recorded> {
  const {run, clock, folder, rounds = 20} = options;
  const seen = await examineCards(run, DEADLINE);
  if (seen.state !== 'cards') return {state: 'no-card', fault: seen.fault};
  const [card] = seen.cards;
  const name = `${card?.name ?? 'card'} ${seen.versions.driver ?? ''}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-');

  const answers: string[] = [];
  const times: string[] = [];
  for (const query of [
    QUERIES.cards(fieldsFor(new Set())),
    ['-q', '-d', 'MEMORY,UTILIZATION,PERFORMANCE,POWER,TEMPERATURE,PIDS'],
    QUERIES.computeApps,
    QUERIES.monitored,
    QUERIES.versions,
    QUERIES.table,
    ['-L'],
  ]) {
    const spans: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const started = clock.elapsed();
      const ran = await run(['nvidia-smi', ...query], {deadline: DEADLINE});
      spans.push(clock.elapsed() - started);
      if (round > 0) continue;
      const end = ran.state === 'ended' ? `exit ${ran.code}` : ran.state;
      const said = ran.state === 'ended' ? `${ran.stdout}${ran.stderr}` : '';
      answers.push(`$ nvidia-smi ${query.join(' ')}\n# ${end}\n${said}`);
    }
    const [middle, most] = [quantile(spans, 0.5), Math.max(...spans)].map((span) => span.toFixed(1));
    times.push(`| \`${query.join(' ').slice(0, 60)}\` | ${middle} | ${most} |`);
  }
  const device = openNvidiaDevice({run, clock});
  const [facts, reading, gaps] = [await device.facts(), await device.read(), await rowGaps(options)];
  const attributed = reading.processes.reduce((sum, one) => sum + one.usedBytes, 0);

  await mkdir(folder, {recursive: true});
  const files = [join(folder, `${name}.txt`), join(folder, `${name}.md`)] as const;
  await writeFile(files[0], mask(answers.join('\n')));
  await writeFile(
    files[1],
    mask(`# ${facts.name}, driver ${facts.driver ?? 'unknown'}

Written by \`npm run measure -- gpu\` on ${clock.now().toISOString().slice(0, 10)}; do not edit. The answers themselves:
${name}.txt. UUIDs, serial numbers and home folders are masked.

- CUDA up to ${facts.cudaCeiling ?? 'unknown'}, compute capability ${facts.computeCapability ?? 'unknown'}, persistence ${String(facts.persistence ?? 'unknown')}
- total ${reading.totalBytes} = used ${reading.usedBytes} + free ${reading.freeBytes} + reserved ${reading.reservedBytes} bytes
- ${reading.processes.length} processes hold ${attributed} of the bytes used; ${reading.usedBytes - attributed} are unattributed
- XIDs in the kernel's log: ${seen.xids === undefined ? 'not readable' : seen.xids.length}
- rows of a loop every ${EVERY} ms, time between two: median ${quantile(gaps, 0.5).toFixed(1)} ms, longest ${Math.max(...gaps).toFixed(1)} ms, of ${gaps.length}

| query | median ms | longest ms |
| --- | --- | --- |
${times.join('\n')}
`),
  );
  return {state: 'recorded', files: [...files]};
}

/** Milliseconds between the rows of a loop, as they come out of the pipe. */
async function rowGaps({start, clock, rows = 50}: RecordOptions): Promise<number[]> {
  const abort = new AbortController();
  const gaps: number[] = [];
  let last: number | undefined;
  for await (const event of followCards({
    start,
    clock,
    signal: abort.signal,
    every: EVERY,
    silence: DEADLINE,
    card: '0',
  })) {
    if (event.state === 'fault') throw new Error(`the loop failed: ${event.fault.name} ${event.fault.line}`);
    const now = clock.elapsed();
    if (last !== undefined) gaps.push(now - last);
    last = now;
    if (gaps.length >= rows) abort.abort();
    if (abort.signal.aborted) break;
  }
  return gaps;
}

/** Nothing that names a machine or a person: UUIDs by their order, serial numbers, home folders. */
export function mask(text: string): string {
  const known = new Map<string, string>();
  return text
    .replaceAll(/\b(GPU|MIG)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, (uuid, kind: string) => {
      const masked =
        known.get(uuid) ?? `${kind}-00000000-0000-0000-0000-${String(known.size).padStart(12, '0')}`;
      known.set(uuid, masked);
      return masked;
    })
    .replaceAll(/(serial(?: number)?\s*:\s*)\S+/gi, '$1masked')
    .replaceAll(/\/home\/[^/\s,]+/g, '/home/user');
}
