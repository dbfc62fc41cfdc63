/** The steps of a deploy that make a release: read, plan, write down. */
import {step} from '../base/progress.ts';
import {berthVersion} from '../base/version.ts';
import {bytes, type Bytes} from '../base/units.ts';
import {
  heldTogether,
  ownProcesses,
  programsAllowance,
  promisedYet,
  standingLeases,
} from '../capacity/index.ts';
import type {Reading} from '../card/index.ts';
import type {Weights, WeightsMeasure} from '../models/index.ts';
import type {Settings} from './config/settings.ts';
import {estimatorFor} from './estimator.ts';
import type {DeployParts, Site} from './parts.ts';
import {makePlan, type Plan} from './plan.ts';
import {batchTokensOf} from './planning/profiles.ts';
import {fingerprintOf, type Identity, type Release} from './release.ts';
import type {Target} from './resolve.ts';
import {heldBy, servingEngine} from './service.ts';

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
export async function namedCard({device}: DeployParts, {card}: Settings): Promise<string | undefined> {
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
  /** What leases may still take of their promises. */
  leasesBytes: Bytes;
}

export async function readDevice(parts: DeployParts, site: Site): Promise<Room> {
  const [reading, {id, kind}, leases] = await step(
    parts.progress,
    {id: 'read-device', say: (t) => t.deploy.stepReadDevice()},
    () =>
      Promise.all([parts.device.read(), parts.device.facts(), standingLeases(parts.host, parts.clock.now())]),
  );
  const own = ownProcesses(site.observed, reading);
  const programsBytes = bytes(Math.max(0, programsAllowance(kind) - heldTogether(own.programs)));
  const leasesBytes = promisedYet(leases, id, reading, own);
  return {reading, presentBytes: heldBy(servingEngine(site), reading), programsBytes, leasesBytes};
}

/** The plan of a deploy: for this engine on this device, from what the weights say of themselves. */
export async function planFor(
  parts: DeployParts,
  settings: Settings,
  {model, engine, asked}: Target,
  measured: WeightsMeasure,
  room: Room,
): Promise<Plan> {
  const {kind} = await parts.device.facts();
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
  'number' | 'deployment' | 'createdAt' | 'identity' | 'standIn' | 'weights' | 'device'
> {
  plan: Plan;
}

export const newRelease = ({plan, ...facts}: NewRelease): Release => ({
  schema: 'berth.release/1',
  ...facts,
  fingerprint: fingerprintOf(facts.identity),
  settings: plan.settings,
  predicted: {peakBytes: plan.estimate.totalBytes, terms: [...plan.estimate.terms]},
  budgetBytes: plan.budgetBytes,
});
