import {BerthError, ExitCode} from '../../base/errors.ts';
import {bytes} from '../../base/units.ts';
import {
  capacityReport,
  heldTogether,
  ownProcesses,
  programsAllowance,
  promisedYet,
  standingLeases,
} from '../../capacity/index.ts';
import {findCard, type KnownCard} from '../../card/index.ts';
import type {EngineName} from '../../engines/index.ts';
import type {Settings} from '../config/settings.ts';
import {describe} from '../describe.ts';
import {visit, type DeployParts} from '../parts.ts';
import {heldBy, servingEngine} from '../service.ts';
import {viewOf} from '../view.ts';
import {errorSoFar} from './error-so-far.ts';
import type {PlanDevice, PlanWish} from './input.ts';
import {offersOf} from './offers.ts';
import {chooseOffer, type Wish} from './profiles.ts';
import {planReport} from './report.ts';
import type {PlanReport} from './schema.ts';
import {subjectOf} from './subject.ts';

/** What `berth plan` was told, beside the settings of a deploy. */
export interface PlanRequest extends PlanWish, Omit<Wish, 'engine'> {
  engine?: EngineName | undefined;
  /** A card that no host was asked about. */
  planned?: KnownCard | undefined;
}

/** Plans a model on a card that is only described, or on the host's device beside its present tenants. */
export async function planModel(
  parts: DeployParts,
  settings: Settings,
  request: PlanRequest,
): Promise<PlanReport> {
  const {planned} = request;
  const device = planned ? plannedDevice(planned) : await readDevice(parts, settings);
  const model = await subjectOf(parts, settings, request.variant, !planned);
  const {kind} = device.facts;
  const offers = offersOf(model, {kind, engine: request.engine});
  const chosen = chooseOffer(offers, request, request.profile, kind);
  if (!chosen) throw noSuchWay(model.id, request, offersOf(model, {kind}));
  return planReport({
    at: parts.clock.now(),
    model,
    offers,
    chosen,
    wish: request,
    device,
    errorSoFar: await errorSoFar(parts.host, kind),
    update: settings.update,
  });
}

/** Bare: nobody on it but the driver. */
const plannedDevice = (card: KnownCard): PlanDevice => ({
  from: 'planned',
  facts: {kind: 'gpu', name: card.name},
  card,
  reading: {
    totalBytes: card.totalBytes,
    usedBytes: bytes(0),
    reservedBytes: card.reservedBytes,
    freeBytes: bytes(card.totalBytes - card.reservedBytes),
  },
  presentBytes: bytes(0),
  programsBytes: programsAllowance('gpu'),
  leasesBytes: bytes(0),
  tenants: [],
});

async function readDevice(parts: DeployParts, settings: Settings): Promise<PlanDevice> {
  const site = await visit(parts, settings);
  const [facts, reading, view, leases] = await Promise.all([
    parts.device.facts(),
    parts.device.read(),
    describe(parts, settings).then(viewOf),
    standingLeases(parts.host, parts.clock.now()),
  ]);
  const {tenants} = capacityReport({view, facts, reading, leases, stats: undefined});
  const own = ownProcesses(site.observed, reading);
  return {
    from: 'read',
    facts,
    host: parts.host.name,
    card: facts.kind === 'gpu' ? findCard(facts.name) : undefined,
    reading,
    presentBytes: heldBy(servingEngine(site), reading),
    programsBytes: bytes(Math.max(0, programsAllowance(facts.kind) - heldTogether(own.programs))),
    leasesBytes: promisedYet(leases, facts.id, reading, own),
    tenants,
  };
}

function noSuchWay(
  model: string,
  {engine, variant, kvType}: PlanRequest,
  ways: readonly {engine: string; variant: string; kvType: string}[],
): BerthError {
  const known = ways.map((way) => `${way.engine} ${way.variant} ${way.kvType}`);
  const asked = [engine, variant, kvType].filter((each) => each !== undefined).join(' ');
  const [first] = ways;
  return new BerthError({
    code: 'no_such_way',
    what: (t) => t.plan.noSuchWay({model, asked, known: known.join('; ')}),
    try: first
      ? [`berth plan ${model} --engine ${first.engine} --variant ${first.variant} --kv ${first.kvType}`]
      : [`berth models show ${model}`],
    exit: ExitCode.usage,
    details: {model, asked, known},
  });
}
