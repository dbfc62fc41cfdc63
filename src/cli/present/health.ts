import {styleText} from 'node:util';
import type {Texts} from '../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../base/units.ts';
import type {Diagnosis, HealthProbe, HealthReport} from '../../health/index.ts';
import {displayWidth, padToWidth} from '../width.ts';

const MARKS = {pass: '✓', fail: '✗', warn: '!', skipped: '-'} as const;
const COLOURS = {pass: 'green', fail: 'red', warn: 'yellow', skipped: 'gray'} as const;
const INDENT = '    ';

const mark = (state: keyof typeof MARKS): string =>
  styleText(COLOURS[state], MARKS[state], {stream: process.stdout});

const widest = (texts: readonly string[]): number => Math.max(...texts.map(displayWidth));
const indented = (lines: readonly string[]): string[] => lines.map((line) => `${INDENT}${line}`);

function facts(t: Texts, {state, facts: known}: HealthProbe): string {
  if (state !== 'pass' || !known) return '';
  const {firstTokenMs, usedBytes, budgetBytes, programsUsedBytes = 0, programsAllowanceBytes = 0} = known;
  if (firstTokenMs !== undefined) return t.health.firstToken({span: formatDuration(firstTokenMs)});
  if (usedBytes === undefined || budgetBytes === undefined) return '';
  const model = t.health.usedOf({used: formatBytes(usedBytes), budget: formatBytes(budgetBytes)});
  if (programsAllowanceBytes === 0) return model;
  const [used, allowance] = [formatBytes(programsUsedBytes), formatBytes(programsAllowanceBytes)];
  return `${model}, ${t.health.programsUsedOf({used, allowance})}`;
}

/** A line a probe; under those that failed, why and what to type. */
export function presentHealth(t: Texts, report: HealthReport): string {
  const width = widest(report.probes.map((probe) => t.health.probe[probe.name]));
  const lines = report.probes.flatMap((probe) => {
    const name = padToWidth(t.health.probe[probe.name], width);
    const took = padToWidth(probe.state === 'skipped' ? '' : formatDuration(probe.durationMs), 8, 'right');
    const line = `${mark(probe.state)} ${name}  ${took}  ${facts(t, probe)}`.trimEnd();
    switch (probe.state) {
      case 'pass':
        return [line];
      case 'skipped':
        return [line, ...indented([probe.why(t)])];
      case 'fail':
        return [
          line,
          ...indented([
            probe.why(t),
            ...(probe.lastLines.length > 0 ? [t.health.lastLines, ...indented(probe.lastLines)] : []),
            t.health.tryThis,
            ...indented(probe.try),
          ]),
        ];
    }
  });
  return [`${report.deployment}: ${t.health.state[report.state]}`, ...lines].join('\n');
}

/** A line a check; under those that are not fine, what to type. */
export function presentDiagnosis(t: Texts, diagnosis: Diagnosis): string {
  const width = widest(diagnosis.checks.map((check) => t.health.doctor.check[check.name]));
  const lines = diagnosis.checks.flatMap(({name, state, say, why, try: fixes = []}) => [
    `${mark(state)} ${padToWidth(t.health.doctor.check[name], width)}  ${say(t)}`,
    ...(why ? indented([why(t)]) : []),
    ...(state === 'pass' || fixes.length === 0 ? [] : indented([t.health.tryThis, ...indented(fixes)])),
  ]);
  const {ready, host} = diagnosis;
  const end = ready ? t.health.doctor.ready({host}) : t.health.doctor.notReady({host});
  return [...lines, '', end].join('\n');
}
