import type {BucketHistogram} from './histogram.ts';

export type Labels = Readonly<Record<string, string | number>>;

/** One metric family in Prometheus' text format. */
export interface Family {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  samples: readonly Sample[];
}

export type Sample = {labels?: Labels} & ({value: number} | {histogram: BucketHistogram});

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const exposition = (families: readonly Family[]): string =>
  families
    .map((family) => `${header(family)}${family.samples.map((s) => lines(family.name, s)).join('')}`)
    .join('');

const header = ({name, help, type}: Family): string => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

function lines(name: string, sample: Sample): string {
  const labels = sample.labels ?? {};
  if ('value' in sample) return `${name}${write(labels)} ${sample.value}\n`;
  const {bounds, counts, sum, count} = sample.histogram;
  let cumulative = 0;
  const buckets = bounds.map((le, at) => {
    cumulative += counts[at] ?? 0;
    return `${name}_bucket${write({...labels, le})} ${cumulative}\n`;
  });
  return (
    `${buckets.join('')}${name}_bucket${write({...labels, le: '+Inf'})} ${count}\n` +
    `${name}_sum${write(labels)} ${sum}\n${name}_count${write(labels)} ${count}\n`
  );
}

function write(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escape = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
