import {resolve} from 'node:path';
import {BerthError, describeError, ExitCode} from '../base/errors.ts';
import {writeAtomically} from '../base/files.ts';
import {hours, minutes, parseDuration, type Duration} from '../base/units.ts';
import {berthVersion} from '../base/version.ts';
import {
  capacitySchema,
  containerNames,
  readCapacity,
  readPast,
  roughNeed,
  standingLeases,
  type Candidate,
  type CapacityReport,
} from '../capacity/index.ts';
import {BerthCommand, cardFlag, deploymentFlags, examples, Flags, text} from '../cli/command.ts';
import {presentCapacity} from '../cli/present/capacity.ts';
import {claimsOn, describe, describeDeployed, loadSettings, viewOf} from '../deploy/index.ts';
import {CATALOGUE} from '../models/index.ts';

const LEAST_SPAN = minutes(1);
const MOST_SPAN = hours(30 * 24);
const DAY = hours(24);

export default class Capacity extends BerthCommand<CapacityReport> {
  static override summary = text((t) => t.capacity.help.summary);
  static override examples = examples(
    ['capacity', (t) => t.capacity.help.example],
    ['capacity --since 24h', (t) => t.past.help.since],
    ['capacity --since 7d --html report.html', (t) => t.past.help.html],
    ['capacity --card 0', (t) => t.capacity.help.card],
    ['capacity --json', (t) => t.capacity.help.json],
  );
  static override resultSchema = capacitySchema;
  static override flags = {
    ...deploymentFlags,
    ...cardFlag,
    since: Flags.string({summary: text((t) => t.past.help.flagSince), env: 'BERTH_SINCE', helpValue: '24h'}),
    html: Flags.string({summary: text((t) => t.past.help.flagHtml), env: 'BERTH_HTML', helpValue: 'FILE'}),
  };

  override async run(): Promise<CapacityReport> {
    const {flags} = await this.parse(Capacity);
    const {since, html, ...asked} = flags;
    const span = since === undefined ? html && DAY : spanOf(since);
    const settings = await loadSettings({file: flags.config, flags: asked, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const seen = await (span ? describeDeployed : describe)(parts, settings);
    const view = viewOf(seen);
    // Without a wish: the device that the deployment is on, or, where there is none, whatever answers.
    const own = view.release?.device === 'cpu' ? 'cpu' : undefined;
    if (span && own && flags.card !== undefined && flags.card !== own) throw otherCard();
    const device = await this.parts.device(
      parts.host,
      span ? (own ?? settings.card) : (settings.card ?? own),
    );
    const {host, clock} = parts;
    const report = await readCapacity({
      view,
      device,
      containers: () => containerNames(host),
      leases: await standingLeases(host, clock.now()),
      others: (facts, reading) => claimsOn(host, facts, reading, view.name),
      candidates: candidates(view.release),
    });
    if (!span) return this.present(report, (t) => presentCapacity(t, report));
    const untilMs = clock.now().getTime();
    const history = await readPast({
      runtime: seen.runtime,
      deployment: settings.deployment,
      ...{sinceMs: untilMs - span, untilMs, model: report.model, signal: this.signal},
      releasedMs: seen.release && Date.parse(seen.release.createdAt),
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
    const whole = {...report, history};
    if (html === undefined) return this.present(whole, (t) => presentCapacity(t, whole));
    const {capacityPage} = await import('../cli/present/html/page.ts');
    const page = capacityPage(this.t, whole, {language: this.language, version: berthVersion()});
    const file = resolve(html);
    await writeAtomically(file, page).catch((error: unknown) => {
      throw notWritten(file, error);
    });
    return this.present(whole, (t) => t.past.written({file}));
  }
}

function spanOf(given: string): Duration {
  const span = parseDuration(given);
  if (span !== undefined && span >= LEAST_SPAN && span <= MOST_SPAN) return span;
  throw new BerthError({
    code: 'usage',
    what: (t) => t.past.sinceUnknown({given}),
    try: ['berth capacity --since 24h', 'berth capacity --since 7d'],
    exit: ExitCode.usage,
  });
}

const otherCard = (): BerthError =>
  new BerthError({
    code: 'history_elsewhere',
    what: (t) => t.past.cardElsewhere,
    try: ['berth capacity --since 24h'],
    exit: ExitCode.usage,
  });

const notWritten = (file: string, cause: unknown): BerthError =>
  new BerthError({
    code: 'report_not_written',
    what: (t) => t.past.notWritten({file}),
    why: () => describeError(cause),
    try: ['berth capacity --html report.html'],
    details: {file},
    cause,
  });

/** What else of the catalogue could be asked for beside the model that is deployed. */
function candidates(deployed: {model: string; variant: string} | undefined): Candidate[] {
  return CATALOGUE.flatMap(({id, variants}) =>
    variants.flatMap(({name, format, file}) => {
      // What the engine of this machine can load; the others are asked for by name.
      if (file.from !== 'hub' || format !== 'gguf' || file.totalBytes === undefined) return [];
      if (deployed?.model === id && deployed.variant === name) return [];
      return [{kind: 'model' as const, name: `${id} ${name}`, neededBytes: roughNeed(file.totalBytes)}];
    }),
  );
}
