import {BerthError, ExitCode} from '../../base/errors.ts';
import {bytes, formatBytes, typedBytes, type Bytes} from '../../base/units.ts';
import {KNOWN_CARDS, type KnownCard} from '../../card/index.ts';
import type {EngineSettings} from '../../engines/index.ts';
import {availableFor, SAFETY} from '../plan.ts';
import {largestConcurrency, largestContext} from './fit.ts';
import type {ReportInput} from './input.ts';
import type {Offer} from './offers.ts';
import {rankOffers} from './rank.ts';

export interface RefusalInput extends ReportInput {
  availableBytes: Bytes;
  settings: EngineSettings;
}

const WAYS = 3;

/** Says what is missing, byte by byte, and three ways out, each of which was computed to fit where it can be. */
export function refusal(input: RefusalInput): BerthError {
  const {model, chosen, settings, availableBytes, wish, device} = input;
  const {contextTokens, sequences} = settings;
  const estimate = chosen.estimate(contextTokens, sequences);
  const weights = estimate.terms.find(({name}) => name === 'weights')?.totalBytes ?? bytes(0);
  const missingBytes = bytes(estimate.totalBytes - availableBytes);
  const belowWeights = wish.budgetBytes !== undefined && wish.budgetBytes <= weights;
  const sum = estimate.terms.map(({name, totalBytes}) => `${name} ${formatBytes(totalBytes)}`).join(' + ');
  const said = {
    model: model.id,
    way: `${chosen.engine} ${chosen.variant}, KV ${chosen.kvType}`,
    device: device.facts.name,
    needed: formatBytes(estimate.totalBytes),
    available: formatBytes(availableBytes),
    missing: formatBytes(missingBytes),
    weights: formatBytes(weights),
    budget: formatBytes(wish.budgetBytes ?? 0),
    leave: formatBytes(wish.leaveBytes),
    free: formatBytes(device.reading.freeBytes),
    sum,
    context: contextTokens,
    sequences,
  };
  // Nothing of this size gets onto the device in any way: then no setting helps, another model or machine does.
  const hopeless = input.offers.every(
    (offer) => largestContext(offer, 1, device.reading.totalBytes, model.maxContextTokens) === 0,
  );
  const nothingLeft = availableBytes <= 0;
  return new BerthError({
    code: belowWeights ? 'budget_below_weights' : 'does_not_fit',
    what: (t) =>
      belowWeights
        ? t.plan.budgetBelowWeights(said)
        : nothingLeft
          ? t.plan.nothingLeft(said)
          : t.plan.doesNotFit(said),
    why: (t) => [t.plan.sum(said), ...(hopeless ? [t.plan.hopeless(said)] : [])].join(' '),
    try: waysOut(input, hopeless).slice(0, WAYS),
    exit: ExitCode.doesNotFit,
    details: {
      model: model.id,
      engine: chosen.engine,
      variant: chosen.variant,
      kvType: chosen.kvType,
      contextTokens,
      sequences,
      neededBytes: estimate.totalBytes,
      availableBytes,
      missingBytes,
      weightsBytes: weights,
      terms: estimate.terms,
    },
  });
}

/** In the order in which they change least of what was asked. */
function waysOut(input: RefusalInput, hopeless: boolean): string[] {
  const {chosen, settings, availableBytes, wish, device, model} = input;
  const {contextTokens, sequences} = settings;
  const fewer = largestConcurrency(chosen, contextTokens, availableBytes);
  const shorter = largestContext(chosen, sequences, availableBytes, model.maxContextTokens);
  const needed = chosen.estimate(contextTokens, sequences).totalBytes;
  const other = bestOther(input, sequences);
  const alone = sequences > 1 && !other ? bestOther(input, 1) : undefined;
  const spare = wish.leaveBytes - (needed - availableBytes);
  const roomWithoutBudget = bytes(availableFor({...device, asked: {}}) - wish.leaveBytes);
  const larger = device.from === 'planned' ? largerCard(input, needed) : undefined;
  return [
    ...(fewer > 0 && fewer < sequences ? [berthPlan(input, {concurrency: fewer})] : []),
    ...(shorter > 0 ? [berthPlan(input, {context: shorter})] : []),
    ...(other ? [berthPlan(input, wayFlags(other))] : []),
    ...(alone ? [berthPlan(input, {...wayFlags(alone), concurrency: 1})] : []),
    ...(wish.budgetBytes !== undefined && needed <= roomWithoutBudget
      ? [berthPlan(input, {budget: typedBytes(Math.ceil(needed / MIB) * MIB)})]
      : []),
    ...(wish.leaveBytes > 0 && spare >= 0
      ? [berthPlan(input, {leave: typedBytes(Math.floor(spare / MIB) * MIB)})]
      : []),
    ...leastWay(input, roomWithoutBudget),
    ...(device.from === 'read' && !hopeless ? ['berth capacity'] : []),
    ...(larger ? [berthPlan(input, {card: larger})] : []),
    ...smallerModels(input).map((id) => `berth plan ${id}${where(input)}`),
    'berth models',
    'berth plan --help',
  ];
}

const MIB = 1024 ** 2;
const LEAST_CONTEXT = 2048;

/** Where a budget is too small: the smallest with which the model can be of any use. */
function leastWay(input: RefusalInput, roomWithoutBudget: Bytes): string[] {
  const {wish, chosen, model, settings} = input;
  const context = Math.min(LEAST_CONTEXT, model.maxContextTokens);
  const smallest = settings.contextTokens <= context && settings.sequences === 1;
  if (wish.budgetBytes === undefined || smallest) return [];
  const least = chosen.estimate(context, 1).totalBytes;
  if (least <= wish.budgetBytes || least > roomWithoutBudget) return [];
  return [berthPlan(input, {context, concurrency: 1, budget: typedBytes(Math.ceil(least / MIB) * MIB)})];
}

/** The smallest card, of those that are known, on which just this fits. */
function largerCard({wish}: RefusalInput, needed: number): string | undefined {
  if (wish.budgetBytes !== undefined) return undefined;
  const room = ({totalBytes, reservedBytes}: KnownCard): number =>
    totalBytes - reservedBytes - SAFETY - wish.leaveBytes;
  return KNOWN_CARDS.toSorted((a, b) => a.totalBytes - b.totalBytes).find((card) => room(card) >= needed)?.id;
}

/** The chain of smaller models of the catalogue; the default model ends it. */
function smallerModels({model}: RefusalInput): string[] {
  const chain = [model.smaller, 'qwen3-4b-instruct-2507'].filter((id) => id !== undefined);
  return [...new Set(chain)].filter((id) => id !== model.id);
}

/** The best other way that fits at the same context. */
function bestOther(
  {offers, chosen, settings, availableBytes, wish}: RefusalInput,
  sequences: number,
): Offer | undefined {
  const {contextTokens} = settings;
  const candidates = offers
    .filter((offer) => offer !== chosen)
    .map((offer) => ({
      offer,
      neededBytes: offer.estimate(contextTokens, sequences).totalBytes,
      summaryMs: undefined,
    }));
  return rankOffers(candidates, availableBytes, wish.profile).find(
    ({neededBytes}) => neededBytes <= availableBytes,
  )?.offer;
}

const wayFlags = ({engine, variant, kvType}: Offer): Record<string, string> => ({
  engine,
  variant,
  kv: kvType,
});

const plannedCard = ({device}: RefusalInput): string | undefined =>
  device.from === 'planned' ? device.card?.id : undefined;

const where = (input: RefusalInput): string => {
  const card = plannedCard(input);
  return card === undefined ? '' : ` --card ${card}`;
};

/** The command that asks for the same with some flags changed. */
function berthPlan(input: RefusalInput, change: Record<string, string | number>): string {
  const {model, wish, chosen, settings} = input;
  const flags: Record<string, string | number | undefined> = {
    card: plannedCard(input),
    profile: wish.profile === 'headroom' ? undefined : wish.profile,
    engine: undefined,
    variant: undefined,
    kv: chosen.kvType,
    context: settings.contextTokens,
    concurrency: wish.sequences,
    budget: wish.budgetBytes === undefined ? undefined : typedBytes(wish.budgetBytes),
    leave: wish.leaveBytes > 0 ? typedBytes(wish.leaveBytes) : undefined,
    ...change,
  };
  const text = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${value}`],
  );
  return [`berth plan ${model.id}`, ...text].join(' ');
}
