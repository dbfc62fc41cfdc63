import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {quantile, type Bench, type Figure} from './harness.ts';

const RUN = join(import.meta.dirname, '../../bin/run.js');
const ROUNDS = 15;

/** Time of a bare Node, of `berth --version` and of `berth status`, taken in turns so that all see the same machine. */
const startup: Bench = {
  name: 'startup',
  run: (signal) => {
    const home = mkdtempSync(join(tmpdir(), 'berth-bench-'));
    try {
      return Promise.resolve(measure(home, signal));
    } finally {
      rmSync(home, {recursive: true, force: true});
    }
  },
};
export default startup;

function measure(home: string, signal: AbortSignal): Figure[] {
  const time = (argv: readonly string[]): number => {
    const started = performance.now();
    const {status, stderr} = spawnSync(process.execPath, argv, {
      env: {PATH: process.env.PATH, HOME: home, LANG: 'C'},
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${String(status)}: ${stderr}`);
    return performance.now() - started;
  };
  const programs = {bare: ['-e', '0'], version: [RUN, '--version'], status: [RUN, 'status', '--json']};
  const taken: Record<keyof typeof programs, number[]> = {bare: [], version: [], status: []};
  // The first round fills the compile cache and the disk cache: what people have from the second run on.
  for (const argv of Object.values(programs)) time(argv);
  for (let round = 0; round < ROUNDS; round++) {
    signal.throwIfAborted();
    for (const name of ['bare', 'version', 'status'] as const) taken[name].push(time(programs[name]));
  }
  const [bare, version, status] = [taken.bare, taken.version, taken.status].map((times) =>
    quantile(times, 0.5),
  );
  const conditions = `median of ${ROUNDS}, taken in turns, warm compile cache, nothing deployed`;
  return [
    {name: 'node -e 0', value: bare ?? NaN, unit: 'ms', conditions},
    {name: 'berth --version', value: version ?? NaN, unit: 'ms', conditions},
    {
      name: 'berth --version / node',
      value: (version ?? NaN) / (bare ?? NaN),
      unit: 'ratio',
      goal: {atMost: 4},
      conditions,
    },
    {name: 'berth status', value: status ?? NaN, unit: 'ms', conditions},
    {
      name: 'berth status / node',
      value: (status ?? NaN) / (bare ?? NaN),
      unit: 'ratio',
      goal: {atMost: 10},
      conditions,
    },
  ];
}
