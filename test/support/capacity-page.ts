import {textsFor, type Language} from '../../src/base/texts/index.ts';
import {gib, mib} from '../../src/base/units.ts';
import {capacityReport, type Past} from '../../src/capacity/index.ts';
import {pastOf} from '../../src/capacity/past/past.ts';
import {capacityPage} from '../../src/cli/present/html/page.ts';
import type {Answers} from '../../src/monitor/index.ts';
import {CONTAINER, event, model, MINUTE, row, START} from '../unit/capacity/past/world.ts';

/** What a program may call itself to break the page that tells of it. */
export const HOSTILE = {
  name: `</text></svg><script>document.title='taken'</script>`,
  command: `python '"><img src=x onerror="document.title='taken'"> \u202e\u001b[2J & <style>*{display:none}</style> --`,
};

/** An hour of a small deployment: the model, Berth, a lease, an outsider and what nobody owns. */
export function pastWith({
  hostile = false,
  rows = 60,
  events = [],
}: {
  hostile?: boolean;
  rows?: number;
  events?: Answers['events'];
}): Past {
  const {name, command} = hostile ? HOSTILE : {name: 'whisper', command: 'python serve.py'};
  const held = (minute: number): Record<string, number> => ({
    ...{model: mib(200 + minute), berth: mib(110), unattributed: mib(300), 'lease:comfyui': gib(2)},
    ...(minute > 20 && minute < 40 && {[CONTAINER]: gib(1)}),
  });
  return pastOf({
    ...{sinceMs: START, untilMs: START + 60 * MINUTE, stepMs: MINUTE, timeZone: 'UTC', model},
    rows: Array.from({length: rows}, (_, minute) =>
      row(START + minute * MINUTE, {free: gib(10) - minute * mib(10), held: held(minute)}),
    ),
    events:
      rows === 0
        ? events
        : [
            event(START + 21 * MINUTE, 'tenant-came', {
              tenant: CONTAINER,
              text: `${name} uses the device: 1.0 GiB.`,
              numbers: {name, command, user: hostile ? '<b>me' : 'me'},
            }),
            ...events,
          ],
    present: [],
    forecast: forecastWith(hostile),
  });
}

/** What the model and a program that peaked on two days should be expected to hold. */
const forecastWith = (hostile: boolean): Past['forecast'] => ({
  tenants: [
    {...{key: 'model', kind: 'model', name: 'nano'}, ...peakOf(mib(260), 9)},
    {...{key: CONTAINER, kind: 'outsider', name: hostile ? HOSTILE.name : 'whisper'}, ...peakOf(gib(1), 2)},
  ],
  leftBytes: gib(14),
});

const peakOf = (seenBytes: number, days: number) => ({
  ...{seenBytes, days, marginRatio: 0.06},
  bytes: Math.ceil(seenBytes * 1.06),
});

/** The page of a report with this history. */
export function capacityPageOf(language: Language, history: Past): string {
  const at = new Date(START + 60 * MINUTE);
  const present = capacityReport({
    view: {
      ...{name: 'default', host: 'local', observed: {state: 'absent'}},
      stats: () => Promise.resolve(undefined),
    },
    facts: {kind: 'cpu', id: 'cpu', name: 'A processor', totalBytes: gib(16), cores: 2},
    reading: {
      ...{at, totalBytes: gib(16), usedBytes: gib(6), freeBytes: gib(9), reservedBytes: gib(1)},
      processes: [],
    },
    stats: undefined,
  });
  const report = {...present, model, history};
  return capacityPage(textsFor(language), report, {language, version: '0.0.0'});
}
