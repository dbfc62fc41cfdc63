import type {Language, Texts} from '../../../base/texts/index.ts';
import {formatBytes, formatDuration} from '../../../base/units.ts';
import {bindingSum, sumLines, type CapacityReport, type Past} from '../../../capacity/index.ts';
import {fullTime, shortTime} from '../../zone.ts';
import {adviceLines} from '../past.ts';
import {
  daysSection,
  eventsSection,
  forecastSection,
  latencySections,
  memorySection,
  modelSection,
  slowdownSection,
  whoSection,
} from './history.ts';
import {markup, Markup} from './markup.ts';
import {section, tableOf} from './parts.ts';
import {STYLE} from './style.ts';

export interface PageOptions {
  language: Language;
  version: string;
}

/**
 * The report as one page: no script, nothing from elsewhere, and its own policy forbids both. Whatever the report
 * tells is text: a tenant's command line can hold anything. Pure.
 */
export function capacityPage(
  t: Texts,
  report: CapacityReport & {history: Past},
  {language, version}: PageOptions,
): string {
  const {history, device, host, model} = report;
  const title = t.past.page.title({device: device.name.trim()});
  const span = t.past.page.span({
    from: fullTime(history.timeZone, history.since),
    until: fullTime(history.timeZone, history.until),
    zone: history.timeZone,
  });
  return markup`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="dim">${t.past.page.about({deployment: model?.deployment ?? '', host})}${model ? markup` · ${model.model} ${model.variant}` : undefined}<br>${span} · ${measuredLine(t, history)}</p>
${model?.standIn ? markup`<p class="dim">${t.past.page.standIn}</p>` : undefined}
</header>
<main>
${tiles(t, report)}
${adviceBox(t, history)}
${memorySection(t, history)}
${modelSection(t, history)}
${latencySections(t, history)}
${slowdownSection(t, history)}
${whoSection(t, history)}
${daysSection(t, history)}
${forecastSection(t, history)}
${fitsSection(t, report)}
${eventsSection(t, history)}
</main>
<footer>${t.past.page.step({step: formatDuration(history.stepMs)})} ${t.past.page.made({version, at: fullTime(history.timeZone, report.at)})}</footer>
</body>
</html>
`.text;
}

const measuredLine = (t: Texts, {since, until, measuredMs}: Past): string =>
  t.past.measured({
    measured: formatDuration(measuredMs),
    span: formatDuration(Date.parse(until) - Date.parse(since)),
  });

function tiles(t: Texts, {fits, history}: CapacityReport & {history: Past}): Markup {
  const {days, model, slowdowns, requests, timeZone} = history;
  const [first] = days;
  const least = first && days.reduce((low, day) => (day.minFreeBytes < low.minFreeBytes ? day : low));
  const tile = (name: string, value: string, note = ''): Markup =>
    markup`<div class="tile"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
  return markup`<dl class="tiles">
${tile(t.past.page.guaranteed, formatBytes(fits.guaranteedBytes), t.past.page.guaranteedNote)}
${least && tile(t.past.page.leastFree, formatBytes(least.minFreeBytes), shortTime(timeZone, least.minFreeAt))}
${model?.maxBytes === undefined ? undefined : tile(t.past.page.budgetTile, formatBytes(model.maxBytes), t.past.page.ofBudget({budget: formatBytes(model.budgetBytes)}))}
${tile(t.past.page.slowdownsTile, String(slowdowns.length))}
${tile(t.past.page.requestsTile, String(requests.ok), t.past.page.requestsNote({failed: requests.serverError, cancelled: requests.cancelled}))}
</dl>`;
}

function adviceBox(t: Texts, {model}: Past): Markup | undefined {
  if (!model) return undefined;
  const {text, command} = adviceLines(t, model.advice);
  return markup`<div class="advice ${model.advice.kind === 'over-budget' ? 'over' : ''}"><p><strong>${t.past.page.advice}.</strong> ${text}${command === undefined ? undefined : markup`<br><code>${command}</code>`}</p></div>`;
}

function fitsSection(t: Texts, {fits}: CapacityReport): Markup {
  return section(
    t.past.page.fits,
    tableOf(
      [{head: t.past.page.what}, {head: t.past.page.neededBytes, kind: 'n'}, {head: t.past.page.verdict}],
      fits.examples.map(({kind, name, neededBytes, fits: verdict}) => [
        kind === 'model' ? name : t.capacity.neighbour({size: formatBytes(neededBytes)}),
        formatBytes(neededBytes),
        t.capacity.fits[verdict],
      ]),
    ),
    markup`<p>${t.capacity.largestLease({size: formatBytes(fits.largestLease.bytes)})}<br><span class="dim">${sumLines(
      t,
      bindingSum(fits.largestLease),
    ).join(' ')}</span></p>`,
  );
}
