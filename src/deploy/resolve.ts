import {step} from '../base/progress.ts';
import type {Engine} from '../engines/index.ts';
import type {RuntimeKind} from '../hosts/index.ts';
import {chooseVariant, type Model, type Variant, type Weights} from '../models/index.ts';
import {chooseEngine} from './choose-engine.ts';
import type {Settings} from './config/settings.ts';
import type {DeployParts} from './parts.ts';
import type {Asked} from './plan.ts';

/** What the words in the settings stand for. */
export interface Target {
  model: Model;
  variant: Variant;
  engine: Engine;
}

export async function resolveTarget(
  parts: DeployParts,
  settings: Settings,
  runtime: RuntimeKind,
): Promise<Target> {
  const {kind: device} = await parts.device.facts();
  const model = parts.findModel(settings.model, settings.models);
  return {
    model,
    variant: chooseVariant(model, settings.variant),
    engine: parts.engine(chooseEngine(settings.engine, {runtime, device})),
  };
}

/** The verified weights on the host, fetched if need be. */
export async function ensureWeights(parts: DeployParts, {model, variant}: Target): Promise<Weights> {
  const present = await parts.weights.find(model, variant);
  if (present) return present;
  return step(
    parts.progress,
    {id: 'weights', say: (t) => t.deploy.stepWeights({model: model.title, variant: variant.name})},
    () => parts.weights.ensure(model, variant, {progress: parts.progress, signal: parts.signal}),
  );
}

/** The images that a release's containers run, built or sent if need be. */
export async function ensureImages(
  parts: DeployParts,
  engine: Engine,
): Promise<{gateway: string; engine: string}> {
  const gateway = await parts.image('berth');
  return {gateway, engine: engine.image === 'berth' ? gateway : await parts.image(engine.image)};
}

/** The part of the settings that the plan must keep to. */
export const askedOf = (settings: Settings): Asked => ({
  contextTokens: settings.context,
  sequences: settings.concurrency,
  kvType: settings.kv,
  threads: settings.threads,
  budgetBytes: settings.budget,
});
