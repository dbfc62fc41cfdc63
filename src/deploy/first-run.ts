import {seconds} from '../base/units.ts';
import type {RuntimeKind} from '../hosts/index.ts';
import type {Settings} from './config/settings.ts';
import {deploy} from './deploy.ts';
import {start} from './lifecycle.ts';
import type {DeployOutcome} from './outcome.ts';
import {committedRelease, visit, type DeployParts} from './parts.ts';
import {resolveTarget} from './resolve.ts';

/** How long a hub may take to answer before the first run goes on without it. */
const HUB_PATIENCE = seconds(3);

/**
 * What `npm start` does. Something deployed before is kept and only brought back; else the wanted model
 * if its weights are cached or a hub answers, else the built-in stand-in, so that the whole path can be
 * seen to work on any machine. Only the first run falls back; a plain deploy never does.
 */
export async function firstRun(parts: DeployParts, settings: Settings): Promise<DeployOutcome> {
  const {observed, runtime} = await visit(parts, settings);
  if (committedRelease(observed) !== undefined) return start(parts, settings);
  return deploy(
    parts,
    (await canBeHad(parts, settings, runtime.kind)) ? settings : {...settings, model: 'nano'},
  );
}

async function canBeHad(parts: DeployParts, settings: Settings, runtime: RuntimeKind): Promise<boolean> {
  const {model, variant} = await resolveTarget(parts, settings, runtime);
  if (model.standIn || (await parts.weights.find(model, variant))) return true;
  const place = await parts.weights.reachableHub(variant, HUB_PATIENCE);
  if (!place) {
    parts.progress({
      id: 'fallback',
      status: 'warning',
      say: (t) => t.deploy.fallback({model: model.title, patience: HUB_PATIENCE / 1000}),
    });
  }
  return place !== undefined;
}
