/** What is planned: shape and weights, from what is known of a model or from the header of its file. */
import {BerthError, ExitCode} from '../../base/errors.ts';
import {
  CATALOGUE,
  chooseVariant,
  findPlannable,
  type Model,
  type Plannable,
  type Variant,
} from '../../models/index.ts';
import type {Settings} from '../config/settings.ts';
import type {DeployParts} from '../parts.ts';

type SubjectParts = Pick<DeployParts, 'findModel' | 'weights' | 'signal'>;

/** `onDisk`: what lies on this host is planned from its header, to the byte, and not from what is known of it. */
export async function subjectOf(
  parts: SubjectParts,
  {model: name, models}: Pick<Settings, 'model' | 'models'>,
  variant: string | undefined,
  onDisk: boolean,
): Promise<Plannable> {
  // The user's own models win over an entry of the catalogue.
  const known = name in models ? undefined : findPlannable(name);
  if (!known) return fromHeader(parts, parts.findModel(name, models), variant);
  const ggufs = onDisk
    ? await Promise.all(known.ggufs.map((each) => exact(parts, known.id, each)))
    : known.ggufs;
  return {...known, ggufs};
}

async function exact(
  parts: SubjectParts,
  id: string,
  gguf: Plannable['ggufs'][number],
): Promise<Plannable['ggufs'][number]> {
  const model = CATALOGUE.find((each) => each.id === id);
  const variant = model?.variants.find(({name}) => name === gguf.name);
  const weights = model && variant && (await parts.weights.find(model, variant));
  const measured = weights && (await parts.weights.measure(weights)).gguf;
  return measured ? {...gguf, weights: measured} : gguf;
}

/** From the header of its file, on the disk or on a hub: nothing is downloaded. */
async function fromHeader(
  {weights, signal}: SubjectParts,
  model: Model,
  wanted: string | undefined,
): Promise<Plannable> {
  const variant = chooseVariant(model, wanted);
  const measure = await weights.foresee(model, variant, signal);
  if (!measure?.gguf) throw noGguf(model, variant);
  const {shape, gguf} = measure;
  return {
    id: model.id,
    shape,
    maxContextTokens: Math.min(model.maxContextTokens, shape.maxContextTokens ?? Infinity),
    ggufs: [{name: variant.name, weights: gguf, quality: {}}],
    vllm: [],
  };
}

const noGguf = (model: Model, variant: Variant): BerthError =>
  new BerthError({
    code: 'no_gguf',
    what: (t) => t.plan.noGguf({model: model.id, from: variant.name}),
    try: ['berth models', 'berth plan qwen3-4b --card 4090d'],
    exit: ExitCode.usage,
    details: {model: model.id},
  });
