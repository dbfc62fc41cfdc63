import {readAlertOrders, writeAlertOrders} from './alerts.ts';
import {checkWeights} from './check-weights.ts';
import {ensureClientKey, keyFileOf} from './client-key.ts';
import type {Settings} from './config/settings.ts';
import {dryRun} from './dry-run.ts';
import {History} from './history.ts';
import {startAgain} from './lifecycle.ts';
import {takeLock} from './lock.ts';
import {identityOf, namedCard, newRelease, planFor, readDevice} from './make-release.ts';
import {conclude, type DeployOutcome} from './outcome.ts';
import {committedRelease, visit, type DeployParts, type Site} from './parts.ts';
import {checkEngine, checkPort} from './preflight.ts';
import {fingerprintOf, type Release} from './release.ts';
import {ensureImages, ensureWeights, resolveTarget} from './resolve.ts';
import {serveRelease} from './serve-release.ts';
import {servingEngine} from './service.ts';
import {takeTurn} from './start/start-lock.ts';
import {writePolicy} from './watch-policy.ts';
import {checkCardIsUsed, checkCardWorks} from './which-device.ts';

export interface DeployOptions {
  /** Say what would be done, and touch nothing. */
  dryRun?: boolean;
}

/**
 * The whole story: preflight, weights, lock, plan, ladder, candidate, gate, switch, and the old release
 * away. Whatever ends it early leaves the old release serving, the candidate gone and the lock free.
 */
export async function deploy(
  parts: DeployParts,
  settings: Settings,
  options: DeployOptions = {},
): Promise<DeployOutcome> {
  const started = parts.clock.elapsed();
  parts.begin();
  await checkCardWorks(parts.device);
  const before = await visit(parts, settings);
  checkCardIsUsed(settings, before.runtime.kind);
  const target = await resolveTarget(parts, settings, before.runtime.kind);
  await checkEngine(parts, target.engine, before.runtime.kind, settings);
  await checkWeights(parts, target);
  await checkPort(parts.host, settings, before.observed);
  const alerts = await readAlertOrders(parts.host, settings.alerts, parts.env);
  if (options.dryRun) return dryRun(parts, settings, target, before, started);
  const images = before.runtime.kind === 'docker' ? await ensureImages(parts, target.engine) : undefined;
  const weights = await ensureWeights(parts, target);

  await using lock = await takeLock(parts.host, settings.deployment, parts.clock, parts.signal);
  const signal = AbortSignal.any([parts.signal, lock.lost]);
  const history = new History(parts.host, settings.deployment);
  const [site, key, card] = await Promise.all([
    visit(parts, settings),
    ensureClientKey(parts.host, settings.deployment, keyFileFor(parts, settings)),
    namedCard(parts, settings),
  ]);
  await writePolicy(parts.host, settings);
  await writeAlertOrders(parts.host, settings, alerts);
  const identity = identityOf(settings, target, {weights, runtime: site.runtime.kind, images, card});

  const present = await presentRelease(history, site);
  if (present?.fingerprint === fingerprintOf(identity)) {
    const outcome = servingEngine(site) ? 'unchanged' : 'restarted';
    if (outcome === 'restarted') await startAgain(parts, site, present, signal);
    return await conclude({parts, outcome, site, release: present, key, started});
  }

  await using turn = await takeTurn(parts, signal);
  const room = await readDevice(parts, site);
  const plan = await planFor(parts, settings, target, await parts.weights.measure(weights), room);
  const release = newRelease({
    number: await history.nextNumber(),
    deployment: settings.deployment,
    createdAt: parts.clock.now().toISOString(),
    identity,
    standIn: target.model.standIn,
    weights,
    device: (await parts.device.facts()).kind,
    plan,
  });
  await history.add(release);
  const {engine} = target;
  const {drain} = settings;
  const served = await serveRelease(parts, {
    site,
    history,
    release,
    engine,
    ladder: plan.ladder,
    drain,
    lock,
    signal: turn.signal,
  });
  return await conclude({parts, outcome: 'deployed', site, release, key, started, served});
}

const keyFileFor = (parts: DeployParts, settings: Settings): string =>
  keyFileOf(parts.keyFolder, parts.host.name, settings.deployment);

async function presentRelease(history: History, site: Site): Promise<Release | undefined> {
  const number = committedRelease(site.observed);
  return number === undefined ? undefined : (await history.get(number)).release;
}
