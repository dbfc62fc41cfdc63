import {step} from '../base/progress.ts';
import type {Engine} from '../engines/index.ts';
import type {RuntimeKind} from '../hosts/index.ts';
import type {Model, Variant, Weights} from '../models/index.ts';
import {chooseWay} from './choose-way.ts';
import type {Settings} from './config/settings.ts';
import type {DeployParts} from './parts.ts';
import type {Asked} from './plan.ts';

/** What the words in the settings stand for. */
export interface Target {
  model: Model;
  variant: Variant;
  engine: Engine;
  /** What the plan must keep to. */
  asked: Asked;
}

export async function resolveTarget(
  parts: DeployParts,
  settings: Settings,
  runtime: RuntimeKind,
): Promise<Target> {
  const {kind: device} = await parts.device.facts();
  const model = parts.findModel(settings.model, settings.models);
  const {variant, engine, ...way} = chooseWay(model, settings, {runtime, device});
  const {threads, budget} = settings;
  return {model, variant, engine: parts.engine(engine), asked: {...way, threads, budgetBytes: budget}};
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
