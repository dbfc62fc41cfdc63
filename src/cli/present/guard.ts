import type {Texts} from '../../base/texts/index.ts';
import {formatDuration, type Duration} from '../../base/units.ts';
import type {GuardStatus, WatchEvent} from '../../monitor/index.ts';
import {printable} from '../printable.ts';
import {keyValues, table} from '../table.ts';
import {presentObjectives} from './objectives.ts';

/** Whom the guard holds, and what it knows. */
export function presentGuard(texts: Texts, status: GuardStatus | null): string {
  const {guard: t} = texts;
  if (!status) return t.none;
  const {mode, outsiders, actions, breach, newcomers, slowForMs, lastRatio, held, alone, objectives} = status;
  const allowed = actions.map((action) => t.may[action]).join(', ') || t.nothing;
  const known = alone.filter(({aloneMs}) => aloneMs !== undefined);
  const pace = lastRatio === null ? t.learning : t.ratio({ratio: lastRatio.toFixed(2)});
  const model = slowForMs === null ? t.fine : t.slow({span: formatDuration(slowForMs)});
  const parts = [
    keyValues([
      [
        t.label.mode,
        mode === 'act' ? `${t.mode.act}: ${t.against({actions: allowed, outsiders})}` : t.mode[mode],
      ],
      [t.label.breach, t.may[breach]],
      [t.label.newcomers, t.newcomers[newcomers]],
      [t.label.model, `${model}, ${pace}`],
    ]),
    held.length > 0 &&
      table(
        held.map((one) => [
          printable(one.name),
          one.failed === undefined ? t.action[one.action] : t.notDone({reason: printable(one.failed)}),
          t.because[one.because],
          formatDuration(one.forMs),
        ]),
        {head: [t.held.tenant, t.held.action, t.held.because, t.held.since]},
      ),
    known.length > 0 &&
      table(
        known.map(({bucket, aloneMs = 0, aloneSeconds}) => [
          bucket.endsWith('+') ? t.withPrompts({streams: bucket.slice(0, -1)}) : bucket,
          t.aloneTime({ms: aloneMs.toFixed(1)}),
          t.aloneSeconds({seconds: aloneSeconds}),
        ]),
        {head: [t.alone.streams, t.alone.time, t.alone.seconds]},
      ),
    objectives && presentObjectives(texts, objectives),
  ];
  return parts.filter(Boolean).join('\n\n');
}

interface Logged extends Pick<WatchEvent, 'text' | 'numbers'> {
  at: string;
}

/** A line an event, and below it the numbers. Both are as the watch wrote them: English. */
export function presentGuardLog({guard: t}: Texts, events: readonly Logged[], span: Duration): string {
  if (events.length === 0) return t.noEvents({span: formatDuration(span)});
  return events
    .flatMap(({at, text, numbers}) => [
      `${at.slice(0, 19).replace('T', ' ')}Z  ${printable(text)}`,
      `    ${Object.entries(numbers)
        .map(([name, value]) => `${name}=${printable(String(value))}`)
        .join(' ')}`,
    ])
    .join('\n');
}
