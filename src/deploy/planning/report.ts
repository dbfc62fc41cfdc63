import {bytes, type Bytes} from '../../base/units.ts';
import type {EngineSettings} from '../../engines/index.ts';
import {availableFor, makePlan, SAFETY, type Asked} from '../plan.ts';
import {largestConcurrency, largestContext} from './fit.ts';
import type {PlanDevice, ReportInput} from './input.ts';
import type {Offer, PlanKvType} from './offers.ts';
import {batchTokensOf, profileDefaults} from './profiles.ts';
import {rankOffers, type Candidate} from './rank.ts';
import {refusal} from './refuse.ts';
import type {PlanReport} from './schema.ts';
import {claimsApply, speedOf, WORKLOADS} from './workloads.ts';

/**
 * The same arithmetic as a deploy's (`makePlan`), told in full. Pure.
 * @throws BerthError `does_not_fit` or `budget_below_weights` (exit 5) with the missing bytes and three ways out.
 */
export function planReport(input: ReportInput): PlanReport {
  const {model, chosen, device, wish} = input;
  const {maxContextTokens} = model;
  const asked = askedOf(input);
  const room = {...device, reading: {...device.reading, freeBytes: leftFree(input)}};
  const availableBytes = availableFor({...room, asked});
  const plan = makePlan({
    ...room,
    model: {id: model.id, maxContextTokens},
    asked,
    batchTokens: batchTokensOf(chosen.engine),
    estimate: ({contextTokens, sequences}) => chosen.estimate(contextTokens, sequences),
    update: input.update,
    command: `berth plan ${model.id}${device.card && device.from === 'planned' ? ` --card ${device.card.id}` : ''}`,
    refuse: (settings) => refusal({...input, availableBytes, settings}),
  });
  const {settings, estimate} = plan;
  const doubts = [...(estimate.doubts ?? [])];
  const at = {settings, availableBytes, maxContextTokens};
  return {
    schema: 'berth.plan/1',
    at: input.at.toISOString(),
    model: model.id,
    profile: wish.profile,
    maxContextTokens,
    device: deviceOf(device),
    room: {
      availableBytes,
      freeBytes: device.reading.freeBytes,
      presentBytes: device.presentBytes,
      programsBytes: device.programsBytes,
      leasesBytes: device.leasesBytes,
      safetyBytes: SAFETY,
      leaveBytes: wish.leaveBytes,
      ...(wish.budgetBytes !== undefined && {budgetBytes: wish.budgetBytes}),
    },
    tenants: device.tenants.map(({kind, name, usedBytes}) => ({kind, name, usedBytes})),
    plan: {
      ...wayOf(chosen, at),
      budgetBytes: plan.budgetBytes,
      leftBytes: bytes(Math.max(0, availableFor({...device, asked: {}}) - plan.budgetBytes)),
      terms: estimate.terms.map(({name, totalBytes, source}) => ({name, totalBytes, source})),
      confidence: doubts.length > 0 ? 'low' : 'high',
      doubts,
    },
    workloads: workloadsOf(input, estimate.totalBytes),
    ...fullContextOf(input, settings.contextTokens),
    alternatives: candidatesOf(input, settings).map(({offer, summaryMs}) => ({
      ...wayOf(offer, at),
      ...(summaryMs !== undefined && {summaryMs: Math.round(summaryMs)}),
    })),
    errorSoFar: input.errorSoFar ?? null,
  };
}

/** On a card the profile fills in what was left open; on a CPU the plan looks for what fits, as a deploy does. */
function askedOf({wish, device, chosen, model}: ReportInput): Asked {
  const defaults = profileDefaults(wish.profile, device.facts.kind, model.maxContextTokens);
  return {
    contextTokens: wish.contextTokens ?? defaults?.contextTokens,
    sequences: wish.sequences ?? defaults?.sequences,
    kvType: llamaKvType(chosen.kvType),
    budgetBytes: wish.budgetBytes,
  };
}

/** vLLM's types are its own; its estimate does not look at the settings'. */
const llamaKvType = (kvType: PlanKvType): Asked['kvType'] =>
  kvType === 'bf16' || kvType === 'fp8' ? undefined : kvType;

const leftFree = ({device, wish}: ReportInput): Bytes => bytes(device.reading.freeBytes - wish.leaveBytes);

const deviceOf = ({from, facts, host, card, reading}: PlanDevice): PlanReport['device'] => ({
  from,
  kind: facts.kind,
  name: facts.name,
  ...(host !== undefined && {host}),
  ...(card && {card: card.id}),
  totalBytes: reading.totalBytes,
  usedBytes: reading.usedBytes,
  freeBytes: reading.freeBytes,
  reservedBytes: reading.reservedBytes,
});

interface At {
  settings: Pick<EngineSettings, 'contextTokens' | 'sequences'>;
  availableBytes: Bytes;
  maxContextTokens: number;
}

function wayOf(offer: Offer, {settings, availableBytes, maxContextTokens}: At) {
  const {contextTokens, sequences} = settings;
  const neededBytes = offer.estimate(contextTokens, sequences).totalBytes;
  return {
    engine: offer.engine,
    variant: offer.variant,
    kvType: offer.kvType,
    contextTokens,
    sequences,
    neededBytes,
    fits: neededBytes <= availableBytes,
    largestContextTokens: largestContext(offer, sequences, availableBytes, maxContextTokens),
    largestConcurrency: largestConcurrency(offer, contextTokens, availableBytes),
    ...(offer.quality && {quality: offer.quality}),
    warnings: [...offer.warnings],
  };
}

/** The article counts in decimal gigabytes. */
const GIGABYTE = 1e9;

function workloadsOf({model, chosen, device}: ReportInput, memoryBytes: Bytes): PlanReport['workloads'] {
  const claimed = claimsApply(model.id, device.card);
  return WORKLOADS.map((workload) => {
    const {name, promptTokens, answerTokens, claim} = workload;
    const speed = speedOf(chosen, model.shape, workload, device.card);
    return {
      name,
      promptTokens,
      answerTokens,
      ...(claimed && {
        claimed: {totalMs: claim.seconds * 1000, memoryBytes: bytes(claim.gigabytes * GIGABYTE)},
      }),
      ...(speed && {
        predicted: {
          firstTokenMs: Math.round(speed.firstTokenMs),
          perTokenMs: Math.round(speed.perTokenMs * 100) / 100,
          totalMs: Math.round(speed.totalMs),
          memoryBytes,
        },
      }),
    };
  });
}

/** What the longest prompt costs in time: on a card that is known only. */
function fullContextOf(
  {model, chosen, device}: ReportInput,
  promptTokens: number,
): Pick<PlanReport, 'fullContext'> {
  const speed = speedOf(chosen, model.shape, {promptTokens, answerTokens: 0}, device.card);
  if (!speed) return {};
  const {firstTokenMs, perTokenMs} = speed;
  return {
    fullContext: {firstTokenMs: Math.round(firstTokenMs), perTokenMs: Math.round(perTokenMs * 100) / 100},
  };
}

const [, SUMMARY] = WORKLOADS;

/** All other ways at the plan's settings, the best for the profile first. */
function candidatesOf(input: ReportInput, settings: At['settings']): Candidate[] {
  const {offers, chosen, model, device, wish} = input;
  const availableBytes = availableFor({
    ...device,
    reading: {...device.reading, freeBytes: leftFree(input)},
    asked: {budgetBytes: wish.budgetBytes},
  });
  const others = offers.filter((offer) => offer !== chosen);
  return rankOffers(
    others.map((offer) => ({
      offer,
      neededBytes: offer.estimate(settings.contextTokens, settings.sequences).totalBytes,
      summaryMs: SUMMARY && speedOf(offer, model.shape, SUMMARY, device.card)?.totalMs,
    })),
    availableBytes,
    wish.profile,
  );
}
