/**
 * Runs every `*.bench.ts` of this folder (or those whose file name contains an argument), prints a table,
 * writes docs/performance.md when all were run, and exits 1 when a goal is missed.
 */
import {glob} from 'node:fs/promises';
import {cpus, totalmem} from 'node:os';
import {basename, join} from 'node:path';
import {formatGoal, formatValue, meets, type Bench, type Figure} from './harness.ts';
import {writePage} from './write-page.ts';

interface Measured {
  bench: string;
  figures: Figure[];
}

const verdict = (figure: Figure): string => {
  const met = meets(figure);
  return met === undefined ? '-' : met ? 'met' : 'MISSED';
};

const rows = (measured: readonly Measured[]): string[][] =>
  measured.flatMap(({bench, figures}) =>
    figures.map((figure) => [
      bench,
      figure.name,
      formatValue(figure),
      formatGoal(figure),
      verdict(figure),
      figure.conditions,
    ]),
  );

const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ` +
  `${(totalmem() / 1024 ** 3).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}`;

function page(measured: readonly Measured[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    '# Performance',
    '',
    'Written by `npm run bench`; do not edit. Everything below was measured in one run on one machine.',
    '',
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
    `- Machine: ${machine()}`,
    '',
    line(['bench', 'figure', 'measured', 'goal', 'verdict', 'conditions']),
    line(['---', '---', '---', '---', '---', '---']),
    ...rows(measured).map(line),
    '',
  ].join('\n');
}

function table(measured: readonly Measured[]): string {
  const cells = [
    ['bench', 'figure', 'measured', 'goal', 'verdict'],
    ...rows(measured).map((row) => row.slice(0, 5)),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

async function main(filters: readonly string[], signal: AbortSignal): Promise<boolean> {
  const files: string[] = [];
  for await (const file of glob('*.bench.ts', {cwd: import.meta.dirname})) files.push(file);
  const chosen = files
    .sort()
    .filter((file) => filters.length === 0 || filters.some((filter) => basename(file).includes(filter)));
  if (chosen.length === 0)
    throw new Error(`No bench matches ${filters.join(' ')}. There are: ${files.join(', ')}`);
  const measured: Measured[] = [];
  for (const file of chosen) {
    const {default: bench} = (await import(join(import.meta.dirname, file))) as {default: Bench};
    console.error(`measuring ${bench.name} ...`);
    measured.push({bench: bench.name, figures: await bench.run(signal)});
  }
  console.log(`${machine()}\n\n${table(measured)}`);
  // A page of half the figures would hide the other half.
  if (filters.length === 0) {
    await writePage(join(import.meta.dirname, '..', '..', 'docs', 'performance.md'), page(measured));
  }
  return measured.every(({figures}) => figures.every((figure) => meets(figure) !== false));
}

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
process.exitCode = (await main(process.argv.slice(2), interrupted.signal)) ? 0 : 1;
