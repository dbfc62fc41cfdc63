import type {Texts} from '../../base/texts/index.ts';
import {formatDuration} from '../../base/units.ts';
import type {ObjectivesStatus} from '../../monitor/index.ts';
import {keyValues, table} from '../table.ts';

/** How it stands with what the model promises: how many times as fast as it may each budget burns, by window. */
export function presentObjectives({objectives: t}: Texts, {objectives, probe}: ObjectivesStatus): string {
  const windows = objectives[0]?.windows ?? [];
  const rows = objectives.map((one) => [
    one.objective === 'errors'
      ? t.limit.errors({share: `${Number((one.budgetRatio * 100).toPrecision(4))} %`})
      : t.limit[one.objective]({limit: formatDuration(one.limitMs ?? 0)}),
    t[one.severity ?? 'kept'],
    ...one.windows.map(({rate, good, bad}) => (good + bad === 0 ? t.nothing : `${rate.toFixed(1)}x`)),
  ]);
  const head = windows.map(({minutes}) => t.windows[minutes as keyof typeof t.windows]);
  return [
    table(rows, {
      head: [t.title, t.state, ...head],
      align: ['left', 'left', ...windows.map(() => 'right' as const)],
    }),
    keyValues([[t.probe, probeLine(t, probe)]]),
  ].join('\n');
}

function probeLine(t: Texts['objectives'], probe: ObjectivesStatus['probe']): string {
  if (!probe) return t.probeOff;
  const {last, everyMs} = probe;
  const every = t.probeEvery({span: formatDuration(everyMs)});
  if (!last) return every;
  const at = `${new Date(last.atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const {ttftMs} = last;
  const how =
    last.outcome === 'failed'
      ? t.probeLast.failed({at})
      : t.probeLast.ok({at, ttft: ttftMs === undefined ? t.nothing : formatDuration(ttftMs)});
  return `${every}; ${how}`;
}
