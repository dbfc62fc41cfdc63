import {z} from 'zod';
import {BerthError, ExitCode} from '../base/errors.ts';
import {seconds} from '../base/units.ts';
import {BerthCommand, deploymentFlags, examples, Flags, text} from '../cli/command.ts';
import {frame} from '../cli/monitor/frame.ts';
import {plainEvent, plainSample} from '../cli/monitor/plain.ts';
import {Screen} from '../cli/monitor/screen.ts';
import {viewed, type LiveSample, type Now, type View} from '../cli/monitor/view.ts';
import {loadSettings, visit} from '../deploy/index.ts';
import {eventSchema, sampleSchema} from '../monitor/ask-schema.ts';
import {askWatch} from '../monitor/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.monitor/1'),
  sample: sampleSchema,
  /** What has happened since the line before; with the first line, the last 20. The newest first. */
  events: z.array(eventSchema).readonly(),
});
/** Nothing at the end: each line was an object of its own (NDJSON). */
type Result = z.infer<typeof resultSchema> | undefined;

/** The watch measures once a second: to ask more often would tell nothing new. */
const EVERY = seconds(1);

export default class Monitor extends BerthCommand<Result> {
  static override summary = text((t) => t.monitor.help.summary);
  static override examples = examples(
    ['monitor', (t) => t.monitor.help.example],
    ['monitor --plain', (t) => t.monitor.help.plain],
    ['monitor --once', (t) => t.monitor.help.once],
    ['monitor --json', (t) => t.monitor.help.json],
  );
  static override resultSchema = resultSchema;
  static override flags = {
    ...deploymentFlags,
    plain: Flags.boolean({summary: text((t) => t.monitor.help.flagPlain), env: 'BERTH_PLAIN'}),
    once: Flags.boolean({summary: text((t) => t.monitor.help.flagOnce), env: 'BERTH_ONCE'}),
  };

  override async run(): Promise<Result> {
    const {flags} = await this.parse(Monitor);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const {runtime} = await visit(parts, settings);
    const {deployment} = settings;
    const ended = new AbortController();
    const signal = AbortSignal.any([this.signal, ended.signal]);
    const ask = (): Promise<Now> => askWatch(runtime, deployment, {ask: 'now'}, signal);
    this.endTelling();
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    let view: View = {
      ...{deployment, host: parts.host.name, now: undefined, answeredAtMs: undefined, silent: false},
      ...{speeds: [], tpots: []},
    };
    const draw = (size: {columns: number; rows: number}) =>
      frame(this.t, view, {...size, nowMs: parts.clock.now().getTime(), timeZone});

    if (flags.once) {
      const now = await firstSample(ask, () => parts.clock.sleep(EVERY, signal));
      view = viewed(view, now, parts.clock.now().getTime());
      if (this.jsonEnabled()) return {schema: 'berth.monitor/1', sample: now.sample, events: now.events};
      const lines = flags.plain
        ? [plainSample(this.t, now.sample, timeZone)]
        : draw({columns: process.stdout.columns || 80, rows: 24}).map((line) =>
            line
              .map((piece) => piece.text)
              .join('')
              .trimEnd(),
          );
      process.stdout.write(`${lines.join('\n')}\n`);
      return undefined;
    }

    using screen =
      !flags.plain && !this.jsonEnabled() && process.stdout.isTTY && process.env.TERM !== 'dumb'
        ? new Screen({
            input: process.stdin,
            output: process.stdout,
            lines: draw,
            onEnd: (how) => ended.abort(how),
          })
        : undefined;
    const lines = this.#lines(timeZone);
    const over = (): boolean => signal.aborted;
    while (!over()) {
      const began = parts.clock.elapsed();
      try {
        const now = await ask();
        view = viewed(view, now, parts.clock.now().getTime());
        if (!screen) lines(now);
      } catch (error) {
        if (over()) break;
        // It may be starting again, and be back with the next question; without a picture there is no place to say so.
        if (!screen || !(error instanceof BerthError) || error.code !== 'watch_unavailable') throw error;
        view = {...view, silent: true};
      }
      screen?.draw();
      const spent = parts.clock.elapsed() - began;
      await parts.clock.sleep(seconds(Math.max(0.05, (EVERY - spent) / 1000)), signal).catch(() => undefined);
    }
    // Ctrl-C is how it ends too: nothing went wrong.
    if (this.signal.aborted || ended.signal.reason === 'interrupt') process.exitCode = ExitCode.interrupted;
    return undefined;
  }

  /** Writes each new sample, and what has happened since, as lines. */
  #lines(timeZone: string): (now: Now) => void {
    let last: Now | undefined;
    return (now) => {
      const {sample} = now;
      if (!sample || sample.atMs === last?.sample?.atMs) return;
      const newest = last?.events[0];
      const known = newest === undefined ? -1 : now.events.findIndex((one) => isSame(one, newest));
      const events = known === -1 ? now.events : now.events.slice(0, known);
      const first = last === undefined;
      last = now;
      if (this.jsonEnabled()) {
        process.stdout.write(`${JSON.stringify({schema: 'berth.monitor/1', sample, events})}\n`);
        return;
      }
      const said = first ? [] : events.toReversed().map((one) => plainEvent(this.t, one, timeZone));
      process.stdout.write(`${[...said, plainSample(this.t, sample, timeZone)].join('\n')}\n`);
    };
  }
}

const isSame = (a: Now['events'][number], b: Now['events'][number]): boolean =>
  a.atMs === b.atMs && a.kind === b.kind && a.tenant === b.tenant && a.text === b.text;

/** A watch that has just begun has measured nothing yet. */
async function firstSample(
  ask: () => Promise<Now>,
  pause: () => Promise<void>,
): Promise<Now & {sample: LiveSample}> {
  for (let tries = 0; tries < 10; tries++) {
    const now = await ask();
    if (now.sample) return {...now, sample: now.sample};
    await pause();
  }
  throw new BerthError({
    code: 'watch_unavailable',
    what: (t) => t.monitor.waiting,
    try: ['berth logs watch', 'berth doctor'],
    exit: ExitCode.unreachable,
  });
}
