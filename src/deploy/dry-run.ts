import {posix} from 'node:path';
import {bytes, ms, type Duration} from '../base/units.ts';
import {findPlannable, whereWeightsLie, type Weights, type WeightsMeasure} from '../models/index.ts';
import type {Settings} from './config/settings.ts';
import {History} from './history.ts';
import {identityOf, namedCard, newRelease, planFor, readDevice} from './make-release.ts';
import {keyFileOf} from './client-key.ts';
import type {DeployOutcome} from './outcome.ts';
import type {DeployParts, Site} from './parts.ts';
import type {Target} from './resolve.ts';
import {programsOf} from './serve-release.ts';

/** What a deploy would do and run, down to the command lines. Starts, stops, fetches and builds nothing. */
export async function dryRun(
  parts: DeployParts,
  settings: Settings,
  target: Target,
  site: Site,
  started: Duration,
): Promise<DeployOutcome> {
  const {model, variant, engine} = target;
  const found = await parts.weights.find(model, variant);
  const measured = found ? await parts.weights.measure(found) : await foreseen(parts, target);
  const room = await readDevice(parts, site);
  const said = {
    schema: 'berth.deploy/1',
    outcome: 'planned',
    deployment: settings.deployment,
    host: parts.host.name,
    runtime: site.runtime.kind,
    model: model.id,
    variant: variant.name,
    standIn: model.standIn,
    engine: engine.name,
    url: `http://${settings.gateway.address}:${settings.gateway.port}`,
    keyFile: keyFileOf(parts.keyFolder, parts.host.name, settings.deployment),
    ...(!found && {weightsMissing: true}),
  } as const;
  const took = (): Duration => ms(parts.clock.elapsed() - started);
  if (!measured) return {...said, durationMs: took()};

  const plan = await planFor(parts, settings, target, measured, room);
  const weights = found ?? (await weightsToCome(parts, target, measured));
  const images = site.runtime.kind === 'docker' ? await imageNames(parts, target) : undefined;
  const release = newRelease({
    number: await new History(parts.host, settings.deployment).nextNumber(),
    deployment: settings.deployment,
    createdAt: parts.clock.now().toISOString(),
    identity: identityOf(settings, target, {
      ...{weights, images, runtime: site.runtime.kind},
      card: await namedCard(parts, settings),
    }),
    standIn: model.standIn,
    weights,
    device: (await parts.device.facts()).kind,
    plan,
  });
  const programs = await programsOf(parts, {site, release, engine});
  return {
    ...said,
    ladder: plan.ladder,
    settings: plan.settings,
    predictedPeakBytes: plan.estimate.totalBytes,
    budgetBytes: plan.budgetBytes,
    freeBytes: room.reading.freeBytes,
    wouldRun: site.runtime.preview(site.name, programs.gateway, programs.spec),
    durationMs: took(),
  };
}

/** Before the weights are here: what the catalogue knows of them; undefined where it knows nothing. */
async function foreseen(
  parts: DeployParts,
  {model, variant, asked}: Target,
): Promise<WeightsMeasure | undefined> {
  const {file} = variant;
  if (file.from === 'built-in') return parts.weights.foresee(model, variant, parts.signal);
  const known = findPlannable(model.id);
  if (!known || file.from !== 'hub') return undefined;
  const {shape} = known;
  if (variant.format === 'gguf') {
    const gguf = known.ggufs.find(({name}) => name === variant.name)?.weights;
    return gguf && {shape, gguf, storedBytes: gguf.tensorBytes};
  }
  // What is quantised at load was published in 16 bits, and its parameters are known exactly.
  const storedBytes = asked.quantization ? (shape.parameters ?? 0) * 2 : file.totalBytes;
  return storedBytes === undefined || storedBytes === 0 ? undefined : {shape, storedBytes};
}

/** The hash of what nobody has fetched is known only where the catalogue pins it; a dry run does not need it. */
const UNKNOWN_SHA256 = 'not known before it is fetched';

async function weightsToCome(
  {host}: DeployParts,
  {model, variant}: Target,
  {storedBytes}: WeightsMeasure,
): Promise<Weights> {
  const folder = posix.join(host.cacheRoot, 'weights');
  const {path, sha256 = UNKNOWN_SHA256} = await whereWeightsLie(folder, model, variant);
  return {path, sha256, totalBytes: bytes(storedBytes)};
}

async function imageNames(parts: DeployParts, {engine}: Target): Promise<{gateway: string; engine: string}> {
  const gateway = await parts.imageName('berth');
  return {gateway, engine: engine.image === 'berth' ? gateway : await parts.imageName(engine.image)};
}
