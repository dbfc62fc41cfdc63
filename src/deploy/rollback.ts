import {BerthError, ExitCode} from '../base/errors.ts';
import {ensureClientKey, keyFileOf} from './client-key.ts';
import type {Settings} from './config/settings.ts';
import {History, type PastRelease} from './history.ts';
import {takeLock} from './lock.ts';
import {conclude, type DeployOutcome} from './outcome.ts';
import {committedRelease, visit, type DeployParts} from './parts.ts';
import {chooseLadder} from './plan.ts';
import {serveRelease} from './serve-release.ts';
import {heldBy, servingEngine} from './service.ts';
import {takeTurn} from './start/start-lock.ts';

/**
 * Serves an earlier release again, exactly as it was recorded, through the same gate as a new one.
 * Without a number: the newest one before the present that did serve.
 */
export async function rollback(
  parts: DeployParts,
  settings: Settings,
  wanted?: number,
): Promise<DeployOutcome> {
  const started = parts.clock.elapsed();
  await using lock = await takeLock(parts.host, settings.deployment, parts.clock, parts.signal);
  const signal = AbortSignal.any([parts.signal, lock.lost]);
  const site = await visit(parts, settings);
  const history = new History(parts.host, settings.deployment);
  const present = committedRelease(site.observed);
  const {release} = wanted === undefined ? previous(await history.all(), present) : await history.get(wanted);
  const {identity} = release;
  const key = await ensureClientKey(
    parts.host,
    site.name,
    keyFileOf(parts.keyFolder, parts.host.name, settings.deployment),
  );
  const serving = servingEngine(site);
  if (serving?.release === release.number) {
    return await conclude({parts, outcome: 'unchanged', site, release, key, started});
  }
  const engine = parts.engine(identity.engine);
  if (identity.images) {
    await parts.restoreImage('berth', identity.images.gateway);
    if (engine.image !== 'berth') await parts.restoreImage(engine.image, identity.images.engine);
  }
  await using turn = await takeTurn(parts, signal);
  const reading = await parts.device.read();
  const served = await serveRelease(parts, {
    site,
    history,
    release,
    engine,
    ladder: chooseLadder(
      heldBy(serving, reading),
      release.predicted.peakBytes,
      reading.freeBytes,
      settings.update,
    ),
    drain: settings.drain,
    lock,
    signal: turn.signal,
  });
  return await conclude({parts, outcome: 'rolled-back', site, release, key, started, served});
}

function previous(past: readonly PastRelease[], present: number | undefined): PastRelease {
  const served = past.filter(
    ({release, outcome}) => outcome?.state === 'served' && release.number < (present ?? 0),
  );
  const found = served.at(-1);
  if (found) return found;
  throw new BerthError({
    code: 'nothing_to_roll_back_to',
    what: (t) => t.deploy.nothingToRollBackTo({present}),
    try: ['berth releases'],
    exit: ExitCode.usage,
  });
}
