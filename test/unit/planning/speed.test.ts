import {describe, expect, it} from 'vitest';
import {findCard} from '../../../src/card/index.ts';
import {offersOf, type Offer} from '../../../src/deploy/planning/offers.ts';
import {claimsApply, speedOf, WORKLOADS} from '../../../src/deploy/planning/workloads.ts';
import {findPlannable} from '../../../src/models/index.ts';

const card = findCard('4090d');
const model = findPlannable('qwen3-4b');
if (!card || !model) throw new Error('the card and the model of the claims are known');
const offers = offersOf(model, {kind: 'gpu'});

function offer(engine: string, variant: string, kvType: string): Offer {
  const found = offers.find(
    (each) => each.engine === engine && each.variant === variant && each.kvType === kvType,
  );
  if (!found) throw new Error(`no offer ${engine} ${variant} ${kvType}`);
  return found;
}

const ways = [
  [offer('vllm', 'bf16', 'bf16'), 7.98],
  [offer('vllm', 'fp8', 'fp8'), 4.4],
  [offer('vllm', 'w4a16', 'bf16'), 2.67],
  [offer('llama-cpp', 'Q4_K_M', 'q8_0'), 2.48],
] as const;

describe('weights read for a token, over the bandwidth of an RTX 4090D', () => {
  it.each(ways)('%# takes the milliseconds that were derived', ({weightBytes}, expected) => {
    expect((weightBytes / card.bandwidthBytesPerSecond) * 1000).toBeCloseTo(expected, 1);
  });
});

describe('the three workloads of the claims', () => {
  const total = ([way]: (typeof ways)[number], name: string): number => {
    const workload = WORKLOADS.find((each) => each.name === name);
    if (!workload) throw new Error(name);
    return (speedOf(way, model.shape, workload, card)?.totalMs ?? NaN) / 1000;
  };

  it.each([
    ['qa', [1.06, 0.74, 0.55, 0.51]],
    ['code', [2.11, 1.46, 1.08, 1.0]],
  ] as const)('%s takes what was derived by hand, within 5 %%', (name, expected) => {
    ways.forEach((way, index) => {
      expect(Math.abs(total(way, name) / (expected[index] ?? NaN) - 1)).toBeLessThan(0.05);
    });
  });

  it('the long one loses in bf16 and wins otherwise', () => {
    const claim = 3.8;
    const [bf16, fp8, w4, q4] = ways;
    expect(total(bf16, 'summary')).toBeGreaterThan(claim);
    for (const way of [fp8, w4, q4]) expect(total(way, 'summary')).toBeLessThan(claim);
  });

  it('knows how long prompts of 8K, 64K and 128K take at half of the rated operations', () => {
    const read = (promptTokens: number) =>
      (speedOf(ways[0][0], model.shape, {promptTokens, answerTokens: 0}, card)?.firstTokenMs ?? NaN) / 1000;
    expect(read(8192)).toBeCloseTo(1.1, 1);
    expect(read(65_536)).toBeCloseTo(23.8, 0);
    expect(read(131_072)).toBeCloseTo(82, 0);
  });

  it('claims nothing for another model or card', () => {
    expect(claimsApply('qwen3-4b-instruct-2507', card)).toBe(true);
    expect(claimsApply('llama-3-8b-instruct', card)).toBe(false);
    expect(claimsApply('qwen3-4b-instruct-2507', findCard('5090'))).toBe(false);
    expect(claimsApply('qwen3-4b-instruct-2507', undefined)).toBe(false);
  });

  it('says nothing about a card whose limits are not known', () => {
    expect(
      speedOf(ways[0][0], model.shape, {promptTokens: 50, answerTokens: 100}, undefined),
    ).toBeUndefined();
  });
});

describe('findCard', () => {
  it('takes an id or the name of a reading', () => {
    expect(findCard('4090D')?.id).toBe('4090d');
    expect(findCard('NVIDIA GeForce RTX 4090 D')?.id).toBe('4090d');
    expect(findCard('NVIDIA GeForce RTX 4090')?.id).toBe('4090');
    expect(findCard('Tesla M40')).toBeUndefined();
  });
});
