import {step} from '../base/progress.ts';
import {berthVersion} from '../base/version.ts';
import {bytes, ms, type Bytes, type Duration} from '../base/units.ts';
import {heldTogether, ownProcesses, programsAllowance} from '../capacity/index.ts';
import type {Reading} from '../card/index.ts';
import type {Weights} from '../models/index.ts';
import {checkWeights} from './check-weights.ts';
import {ensureClientKey, keyFileOf} from './client-key.ts';
import type {Settings} from './config/settings.ts';
import {estimatorFor} from './estimator.ts';
import {History} from './history.ts';
import {startAgain} from './lifecycle.ts';
import {takeLock} from './lock.ts';
import {conclude, type DeployOutcome} from './outcome.ts';
import {committedRelease, visit, type DeployParts, type Site} from './parts.ts';
import {makePlan, type Plan} from './plan.ts';
import {batchTokensOf} from './planning/profiles.ts';
import {checkEngine, checkPort} from './preflight.ts';
import {fingerprintOf, type Identity, type Release} from './release.ts';
import {ensureImages, ensureWeights, resolveTarget, type Target} from './resolve.ts';
import {serveRelease} from './serve-release.ts';
import {heldBy, servingEngine} from './service.ts';
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
  await checkCardWorks(parts.device);
  const before = await visit(parts, settings);
  checkCardIsUsed(settings, before.runtime.kind);
  const target = await resolveTarget(parts, settings, before.runtime.kind);
  await checkEngine(parts, target.engine, before.runtime.kind, settings);
  await checkWeights(parts, target);
  await checkPort(parts.host, settings, before.observed);
  if (options.dryRun) return dryRun(parts, settings, target, before, started);
  const images = before.runtime.kind === 'docker' ? await ensureImages(parts, target.engine) : undefined;
  const weights = await ensureWeights(parts, target);

  await using lock = await takeLock(parts.host, settings.deployment, parts.clock, parts.signal);
  const signal = AbortSignal.any([parts.signal, lock.lost]);
  const site = await visit(parts, settings);
  const history = new History(parts.host, settings.deployment);
  const key = await ensureClientKey(parts.host, settings.deployment, keyFileFor(parts, settings));
  const card = await namedCard(parts, settings);
  const identity = identityOf(settings, target, {weights, runtime: site.runtime.kind, images, card});

  const present = await presentRelease(history, site);
  if (present?.fingerprint === fingerprintOf(identity)) {
    const outcome = servingEngine(site) ? 'unchanged' : 'restarted';
    if (outcome === 'restarted') await startAgain(parts, site, present, signal);
    return await conclude({parts, outcome, site, release: present, key, started});
  }

  const room = await readDevice(parts, site);
  const plan = await planFor(parts, settings, target, weights, room);
  const release = newRelease({
    number: await history.nextNumber(),
    deployment: settings.deployment,
    createdAt: parts.clock.now().toISOString(),
    identity,
    standIn: target.model.standIn,
    weights,
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
    signal,
  });
  return await conclude({parts, outcome: 'deployed', site, release, key, started, served});
}

const keyFileFor = (parts: DeployParts, settings: Settings): string =>
  keyFileOf(parts.keyFolder, parts.host.name, settings.deployment);

async function presentRelease(history: History, site: Site): Promise<Release | undefined> {
  const number = committedRelease(site.observed);
  return number === undefined ? undefined : (await history.get(number)).release;
}

/** What a release is made of, found or made on the host. */
interface Materials extends Pick<Identity, 'runtime'> {
  /** Set when a card was asked for by name. */
  card: string | undefined;
  weights: Weights;
  images: Identity['images'] | undefined;
}

/** What was asked for and what it resolved to; see `Identity`. */
export function identityOf(
  settings: Settings,
  {model, variant, engine, asked}: Target,
  {weights, runtime, images, card}: Materials,
): Identity {
  return {
    model: model.id,
    variant: variant.name,
    runtime,
    ...(images && {images}),
    weightsSha256: weights.sha256,
    engine: engine.name,
    // In an image the engine is what the image holds, whatever this machine has.
    engineVersion: images ? images.engine : engine.version,
    berthVersion: berthVersion(),
    asked,
    ...(card !== undefined && {card}),
    gateway: settings.gateway,
  };
}

/** The UUID of the card that was asked for by name: its index may be another's after a reboot. */
async function namedCard({device}: DeployParts, {card}: Settings): Promise<string | undefined> {
  const {kind, id} = await device.facts();
  return card !== undefined && kind === 'gpu' ? id : undefined;
}

/** What is free, and what a deploy changes about it. */
interface Room {
  reading: Reading;
  /** What the present engine would give back. */
  presentBytes: Bytes;
  /** What Berth's own programs may still take. */
  programsBytes: Bytes;
}

async function readDevice(parts: DeployParts, site: Site): Promise<Room> {
  const [reading, {kind}] = await step(
    parts.progress,
    {id: 'read-device', say: (t) => t.deploy.stepReadDevice()},
    () => Promise.all([parts.device.read(), parts.device.facts()]),
  );
  const held = heldTogether(ownProcesses(site.observed, reading).programs);
  const programsBytes = bytes(Math.max(0, programsAllowance(kind) - held));
  return {reading, presentBytes: heldBy(servingEngine(site), reading), programsBytes};
}

async function planFor(
  parts: DeployParts,
  settings: Settings,
  {model, engine, asked}: Target,
  weights: Weights,
  room: Room,
): Promise<Plan> {
  const [{kind}, measured] = await Promise.all([parts.device.facts(), parts.weights.measure(weights)]);
  const {trainedTokens, estimate} = estimatorFor(engine.name, kind, measured);
  return makePlan({
    // A file of the person's own says only in its header how long a context it was trained for.
    model: {id: model.id, maxContextTokens: Math.min(model.maxContextTokens, trainedTokens)},
    asked,
    batchTokens: batchTokensOf(engine.name),
    estimate,
    ...room,
    update: settings.update,
  });
}

interface NewRelease extends Pick<
  Release,
  'number' | 'deployment' | 'createdAt' | 'identity' | 'standIn' | 'weights'
> {
  plan: Plan;
}

const newRelease = ({plan, ...facts}: NewRelease): Release => ({
  schema: 'berth.release/1',
  ...facts,
  fingerprint: fingerprintOf(facts.identity),
  settings: plan.settings,
  predicted: {peakBytes: plan.estimate.totalBytes, terms: [...plan.estimate.terms]},
  budgetBytes: plan.budgetBytes,
});

async function dryRun(
  parts: DeployParts,
  settings: Settings,
  target: Target,
  site: Site,
  started: Duration,
): Promise<DeployOutcome> {
  const weights = await parts.weights.find(target.model, target.variant);
  const room = await readDevice(parts, site);
  const plan = weights && (await planFor(parts, settings, target, weights, room));
  return {
    schema: 'berth.deploy/1',
    outcome: 'planned',
    deployment: settings.deployment,
    host: parts.host.name,
    runtime: site.runtime.kind,
    model: target.model.id,
    variant: target.variant.name,
    standIn: target.model.standIn,
    engine: target.engine.name,
    url: `http://${settings.gateway.address}:${settings.gateway.port}`,
    keyFile: keyFileFor(parts, settings),
    durationMs: ms(parts.clock.elapsed() - started),
    ...(plan
      ? {
          ladder: plan.ladder,
          settings: plan.settings,
          predictedPeakBytes: plan.estimate.totalBytes,
          budgetBytes: plan.budgetBytes,
          freeBytes: room.reading.freeBytes,
        }
      : {weightsMissing: true}),
  };
}
