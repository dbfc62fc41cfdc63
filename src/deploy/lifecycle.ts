import {z} from 'zod';
import {BerthError, ExitCode} from '../base/errors.ts';
import {step} from '../base/progress.ts';
import {ms, seconds, type Duration} from '../base/units.ts';
import {waitFor} from '../base/wait.ts';
import {ensureClientKey, keyFileOf} from './client-key.ts';
import type {Settings} from './config/settings.ts';
import {History} from './history.ts';
import {takeLock} from './lock.ts';
import {conclude, type DeployOutcome} from './outcome.ts';
import {committedRelease, visit, type DeployParts, type Site} from './parts.ts';
import type {Release} from './release.ts';
import {servingEngine} from './service.ts';
import {takeTurn} from './start/start-lock.ts';

const READY_DEADLINE: Duration = seconds(300);

/** Brings the committed release back: after `stop`, a crash, a kill or a reboot. A no-op when it serves. */
export async function start(parts: DeployParts, settings: Settings): Promise<DeployOutcome> {
  const started = parts.clock.elapsed();
  await using lock = await takeLock(parts.host, settings.deployment, parts.clock, parts.signal);
  const signal = AbortSignal.any([parts.signal, lock.lost]);
  const site = await visit(parts, settings);
  const number = committedRelease(site.observed);
  if (number === undefined) throw nothingDeployed(settings.deployment);
  const {release} = await new History(parts.host, settings.deployment).get(number);
  const key = await ensureClientKey(
    parts.host,
    site.name,
    keyFileOf(parts.keyFolder, parts.host.name, settings.deployment),
  );
  const outcome = servingEngine(site) ? 'unchanged' : 'restarted';
  if (outcome === 'restarted') await startAgain(parts, site, release, signal);
  return await conclude({parts, outcome, site, release, key, started});
}

/** Starts what the host has committed to, and waits until the gateway sends requests to it. */
export async function startAgain(
  parts: DeployParts,
  site: Site,
  release: Release,
  signal: AbortSignal,
): Promise<void> {
  await using turn = await takeTurn(parts, signal);
  await step(
    parts.progress,
    {id: 'start', say: (t) => t.deploy.stepStartAgain({release: release.number})},
    async () => {
      await site.runtime.start(site.name);
      await waitFor(() => served(parts, site, release), {
        what: (t) => t.deploy.releaseServing({release: release.number}),
        deadline: READY_DEADLINE,
        clock: parts.clock,
        signal: turn.signal,
        every: ms(30),
      });
    },
  );
}

async function served(parts: DeployParts, site: Site, release: Release): Promise<true | undefined> {
  const observed = await site.runtime.observe(site.name);
  if (observed.state !== 'running') return undefined;
  const program = observed.engines.find((engine) => engine.release === release.number)?.program;
  if (program?.state === 'failed') {
    const known = parts.engine(release.identity.engine).explain(program.lastExit.lastLines);
    throw new BerthError({
      code: 'engine_failed',
      what: (t) => t.deploy.engineFailed({release: release.number, restarts: program.restarts}),
      ...(known && {why: known.why}),
      try: known?.try ?? ['berth logs', 'berth rollback'],
      lastLines: program.lastExit.lastLines,
      exit: ExitCode.unhealthy,
    });
  }
  const reply = await site.runtime.order(site.name, {order: 'stats'});
  return reply.reply === 'stats' && reply.stats.release === release.number ? true : undefined;
}

/** What `berth stop --json` prints. */
export const stopOutcomeSchema = z.object({
  schema: z.literal('berth.stop/1'),
  outcome: z.enum(['stopped', 'unchanged']),
  deployment: z.string(),
  host: z.string(),
});
export type StopOutcome = z.infer<typeof stopOutcomeSchema>;

/** Ends everything of the deployment in order; `start` brings it back. A no-op when nothing runs. */
export async function stop(parts: DeployParts, settings: Settings): Promise<StopOutcome> {
  await using _lock = await takeLock(parts.host, settings.deployment, parts.clock, parts.signal);
  const site = await visit(parts, settings);
  const {state} = site.observed;
  if (state === 'absent') throw nothingDeployed(settings.deployment);
  if (state !== 'stopped') {
    await step(parts.progress, {id: 'stop', say: (t) => t.deploy.stepStop({deployment: site.name})}, () =>
      site.runtime.stop(site.name, settings.drain),
    );
  }
  return {
    schema: 'berth.stop/1',
    outcome: state === 'stopped' ? 'unchanged' : 'stopped',
    deployment: site.name,
    host: parts.host.name,
  };
}

export function nothingDeployed(deployment: string): BerthError {
  return new BerthError({
    code: 'nothing_deployed',
    what: (t) => t.deploy.nothingDeployed({deployment}),
    try: ['berth deploy'],
    exit: ExitCode.failed,
  });
}
