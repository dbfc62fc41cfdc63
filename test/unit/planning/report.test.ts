import {describe, expect, it} from 'vitest';
import {BerthError} from '../../../src/base/errors.ts';
import {bytes, gib, mib, type Bytes} from '../../../src/base/units.ts';
import {findCard} from '../../../src/card/index.ts';
import type {PlanDevice, PlanWish, ReportInput} from '../../../src/deploy/planning/input.ts';
import {offersOf} from '../../../src/deploy/planning/offers.ts';
import {chooseOffer, type Profile, type Wish} from '../../../src/deploy/planning/profiles.ts';
import {planReport} from '../../../src/deploy/planning/report.ts';
import {planReportSchema} from '../../../src/deploy/planning/schema.ts';
import {makePlan} from '../../../src/deploy/plan.ts';
import {findPlannable} from '../../../src/models/index.ts';

interface Asked extends Partial<Omit<PlanWish, 'profile'>>, Wish {
  model?: string;
  profile?: Profile;
  device?: PlanDevice;
}

const card = findCard('4090d');
if (!card) throw new Error('the card of the claims is known');
const bare: PlanDevice = {
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
  programsBytes: bytes(0),
  leasesBytes: bytes(0),
  tenants: [],
};

function input({
  model: name = 'qwen3-4b',
  profile = 'headroom',
  device = bare,
  ...asked
}: Asked): ReportInput {
  const model = findPlannable(name);
  if (!model) throw new Error(name);
  const {kind} = device.facts;
  const offers = offersOf(model, {kind});
  const chosen = chooseOffer(offers, asked, profile, kind);
  if (!chosen) throw new Error('no such way');
  const {contextTokens, sequences, budgetBytes, leaveBytes = bytes(0)} = asked;
  return {
    at: new Date(0),
    model,
    offers,
    chosen,
    wish: {profile, contextTokens, sequences, budgetBytes, leaveBytes},
    device,
    errorSoFar: undefined,
    update: 'auto',
  };
}

const report = (asked: Asked = {}) => planReportSchema.parse(planReport(input(asked)));

function refusal(asked: Asked): BerthError {
  try {
    planReport(input(asked));
  } catch (error) {
    if (error instanceof BerthError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Reads a way out back, as if it were typed, and plans it. */
function follow(command: string): ReturnType<typeof report> {
  const [, , name, ...words] = command.split(' ');
  const flag = (of: string): string | undefined => {
    const at = words.indexOf(`--${of}`);
    return at < 0 ? undefined : words[at + 1];
  };
  const size = (of: string): Bytes | undefined => {
    const [, number, unit] = /^(\d+)(GiB|MiB)$/.exec(flag(of) ?? '') ?? [];
    return number === undefined ? undefined : unit === 'GiB' ? gib(Number(number)) : mib(Number(number));
  };
  const count = (of: string): number | undefined => (flag(of) === undefined ? undefined : Number(flag(of)));
  const chosenCard = findCard(flag('card') ?? '');
  if (!chosenCard) throw new Error(command);
  return report({
    model: name ?? '',
    profile: (flag('profile') ?? 'headroom') as Profile,
    engine: flag('engine'),
    variant: flag('variant'),
    kvType: flag('kv'),
    contextTokens: count('context'),
    sequences: count('concurrency'),
    budgetBytes: size('budget'),
    leaveBytes: size('leave') ?? bytes(0),
    device: {
      ...bare,
      card: chosenCard,
      reading: {
        totalBytes: chosenCard.totalBytes,
        usedBytes: bytes(0),
        reservedBytes: chosenCard.reservedBytes,
        freeBytes: bytes(chosenCard.totalBytes - chosenCard.reservedBytes),
      },
    },
  });
}

describe('profiles on a bare 4090D', () => {
  it.each([
    ['headroom', 'llama-cpp', 'Q4_K_M', 'q8_0', 1],
    ['throughput', 'vllm', 'fp8', 'fp8', 4],
    ['quality', 'vllm', 'bf16', 'bf16', 1],
  ] as const)('%s is %s %s with KV %s', (profile, engine, variant, kvType, sequences) => {
    const {plan} = report({profile});
    expect(plan).toMatchObject({engine, variant, kvType, sequences, contextTokens: 32_768, fits: true});
    expect(plan.terms.reduce((sum, term) => sum + term.totalBytes, 0)).toBe(plan.neededBytes);
  });

  it('prints the claims beside what is predicted, and beats all three in time and memory', () => {
    const {workloads} = report();
    expect(workloads.map(({name, claimed}) => [name, claimed?.totalMs, claimed?.memoryBytes])).toEqual([
      ['qa', 1200, 14_800_000_000],
      ['summary', 3800, 15_200_000_000],
      ['code', 1600, 14_900_000_000],
    ]);
    for (const {claimed, predicted} of workloads) {
      expect(predicted?.totalMs).toBeLessThan(claimed?.totalMs ?? 0);
      expect(predicted?.memoryBytes).toBeLessThan(claimed?.memoryBytes ?? 0);
    }
  });

  it('needs 4.5 GB for 16K with q8_0, as was derived by hand', () => {
    expect(report({contextTokens: 16_384}).plan.neededBytes / 1e9).toBeCloseTo(4.5, 1);
  });

  it('ranks what fits before what does not, and KV below 8 bits behind the rest', () => {
    const {alternatives} = report({contextTokens: 262_144});
    const fits = alternatives.map((each) => each.fits);
    expect(fits).toEqual(fits.toSorted((a, b) => Number(b) - Number(a)));
    const fitting = alternatives.filter((each) => each.fits).map(({kvType}) => kvType === 'q4_0');
    expect(fitting).toEqual(fitting.toSorted((a, b) => Number(a) - Number(b)));
    expect(alternatives.find(({kvType}) => kvType === 'q4_0')?.warnings).toEqual(['kv-below-8-bits']);
  });
});

describe('262,144 tokens', () => {
  it('fit a bare card with q8_0, with nothing left for others', () => {
    const {plan} = report({contextTokens: 262_144});
    expect(plan).toMatchObject({kvType: 'q8_0', fits: true, leftBytes: 0, warnings: ['kv-8-bits']});
    expect(plan.terms.find(({name}) => name === 'kv-cache')?.totalBytes).toBe(gib(19.125));
    expect(plan.budgetBytes).toBeLessThanOrEqual(bare.reading.freeBytes);
  });

  it('are refused beside 8 GiB for others, and q4_0 is offered with its warning', () => {
    const error = refusal({contextTokens: 262_144, leaveBytes: gib(8)});
    expect(error).toMatchObject({code: 'does_not_fit', exit: 5});
    const ways = error.try.map(follow);
    expect(ways).toHaveLength(3);
    expect(ways.every(({plan}) => plan.fits)).toBe(true);
    const small = ways.find(({plan}) => plan.kvType === 'q4_0');
    expect(small?.plan).toMatchObject({contextTokens: 262_144, warnings: ['kv-below-8-bits']});
  });
});

describe('a refusal', () => {
  it('names the missing bytes and three ways out that fit', () => {
    const error = refusal({profile: 'quality', contextTokens: 131_072, sequences: 2});
    const {neededBytes, availableBytes, missingBytes} = error.details as Record<string, number>;
    expect((neededBytes ?? 0) - (availableBytes ?? 0)).toBe(missingBytes);
    expect(error.try).toHaveLength(3);
    for (const command of error.try) expect(follow(command).plan.fits).toBe(true);
  });

  it('refuses DeepSeek-V2-Chat with the arithmetic, and offers its small sister', () => {
    const error = refusal({model: 'deepseek-v2-chat'});
    expect(error).toMatchObject({code: 'does_not_fit', exit: 5});
    expect(error.try[0]).toBe('berth plan deepseek-v2-lite-chat --card 4090d');
    expect(follow(error.try[0] ?? '').plan.fits).toBe(true);
    expect((error.details as {weightsBytes: number}).weightsBytes).toBeGreaterThan(gib(79));
    expect(JSON.stringify(error)).toContain("OpenAI's API");
  });

  it('says that a budget is below the weights', () => {
    const error = refusal({budgetBytes: gib(2)});
    expect(error.code).toBe('budget_below_weights');
    expect(error.message).toContain('alone take 2.3 GiB');
    for (const command of error.try.filter((each) => each.includes('--budget'))) {
      expect(follow(command).plan.fits).toBe(true);
    }
  });

  it('says so when nothing is left after what others are promised', () => {
    const error = refusal({leaveBytes: gib(100)});
    expect(error.message).toContain('nothing of it is left');
    expect(follow(error.try[0] ?? '').plan.fits).toBe(true);
  });

  it('does not take a context beyond the model', () => {
    const error = refusal({model: 'llama-3-8b-instruct', contextTokens: 16_384});
    expect(error).toMatchObject({code: 'context_too_long', exit: 2});
    expect(error.try).toEqual(['berth plan llama-3-8b-instruct --card 4090d --context 8192']);
  });
});

it('plans a host exactly as a deploy does', () => {
  const device: PlanDevice = {
    from: 'read',
    facts: {kind: 'cpu', name: 'a CPU'},
    host: 'local',
    reading: {totalBytes: gib(16), usedBytes: gib(8), reservedBytes: bytes(0), freeBytes: gib(8)},
    presentBytes: gib(1),
    programsBytes: mib(100),
    leasesBytes: mib(50),
    tenants: [],
  };
  const asked = input({device});
  const deployed = makePlan({
    ...device,
    model: {id: asked.model.id, maxContextTokens: asked.model.maxContextTokens},
    asked: {},
    batchTokens: 512,
    estimate: ({contextTokens, sequences}) => asked.chosen.estimate(contextTokens, sequences),
    update: 'auto',
  });
  const {plan} = planReport(asked);
  expect(asked.chosen).toMatchObject({engine: 'embedded', variant: 'Q4_K_M', kvType: 'f16'});
  expect(plan).toMatchObject({
    contextTokens: deployed.settings.contextTokens,
    sequences: deployed.settings.sequences,
    neededBytes: deployed.estimate.totalBytes,
    budgetBytes: deployed.budgetBytes,
  });
});
