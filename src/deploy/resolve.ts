import {BerthError, ExitCode} from '../base/errors.ts';
import {step} from '../base/progress.ts';
import type {Engine} from '../engines/index.ts';
import type {Model, Variant, Weights} from '../models/index.ts';
import type {Settings} from './config/settings.ts';
import type {DeployParts} from './parts.ts';
import type {Asked} from './plan.ts';

/** What the words in the settings stand for. */
export interface Target {
  model: Model;
  variant: Variant;
  engine: Engine;
}

export function resolveTarget(parts: DeployParts, settings: Settings): Target {
  const model = parts.findModel(settings.model);
  return {
    model,
    variant: chooseVariant(model, settings.variant),
    engine: parts.engine(settings.engine ?? 'embedded'),
  };
}

function chooseVariant(model: Model, wanted: string | undefined): Variant {
  const variant =
    wanted === undefined ? model.variants[0] : model.variants.find(({name}) => same(name, wanted));
  if (variant) return variant;
  const known = model.variants.map(({name}) => name);
  throw new BerthError({
    code: 'unknown_variant',
    what: (t) => t.deploy.unknownVariant({model: model.id, variant: wanted ?? '', known: known.join(', ')}),
    try: known.map((name) => `berth deploy --model ${model.id} --variant ${name}`),
    exit: ExitCode.usage,
    details: {known},
  });
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

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

/** The part of the settings that the plan must keep to. */
export const askedOf = (settings: Settings): Asked => ({
  contextTokens: settings.context,
  sequences: settings.concurrency,
  kvType: settings.kv,
  threads: settings.threads,
  budgetBytes: settings.budget,
});
