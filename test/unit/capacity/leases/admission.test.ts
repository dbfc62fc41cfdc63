import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../../src/base/texts/index.ts';
import {bytes, gib, mib, type Bytes} from '../../../../src/base/units.ts';
import {admit, type AdmissionInput, type Claim} from '../../../../src/capacity/leases/admission.ts';
import {growthOf} from '../../../../src/capacity/leases/growth.ts';
import {bindingSum, sumLines} from '../../../../src/capacity/leases/say.ts';

const nobody = {bytes: bytes(0), usedBytes: bytes(0)};
const input = (more: Partial<AdmissionInput> = {}): AdmissionInput => ({
  askedBytes: gib(6),
  heldBytes: bytes(0),
  reading: {totalBytes: gib(24), freeBytes: gib(15), reservedBytes: gib(1)},
  models: [{name: 'default', bytes: gib(9), usedBytes: gib(8)}],
  programs: nobody,
  leases: [],
  ...more,
});
const SAFETY = bytes(gib(24) * 0.02);

describe('admission', () => {
  it('promises what neither promises nor free bytes forbid, to the byte', () => {
    const most = bytes(gib(24) - gib(1) - gib(9) - SAFETY);
    expect(admit(input({askedBytes: most}))).toMatchObject({state: 'admitted', askedBytes: most});
    expect(admit(input({askedBytes: bytes(most + 1)})).state).toBe('refused');
    expect(admit(input()).largestBytes).toBe(Math.floor(most / mib(1)) * mib(1));
  });

  it('does not promise twice what a lease was promised and does not use', () => {
    const leases = [{name: 'comfyui', bytes: gib(10), usedBytes: gib(1)}];
    const refused = admit(input({leases}));
    expect(refused.state).toBe('refused');
    expect(refused.promised.terms).toContainEqual({name: 'lease', of: 'comfyui', bytes: -10 * gib(1)});
    expect(refused.measured.terms).toContainEqual({name: 'lease', of: 'comfyui', bytes: -9 * gib(1)});
  });

  it('does not promise what an outsider holds, though nobody promised it that', () => {
    const crowded = admit(input({reading: {totalBytes: gib(24), freeBytes: gib(4), reservedBytes: gib(1)}}));
    expect(crowded.state).toBe('refused');
    expect(bindingSum(crowded)).toBe(crowded.measured);
  });

  it('counts what the tenant holds already once: adopting it takes no more room', () => {
    const reading = {totalBytes: gib(24), freeBytes: gib(2), reservedBytes: gib(1)};
    expect(admit(input({reading})).state).toBe('refused');
    expect(admit(input({reading, heldBytes: gib(6)})).state).toBe('admitted');
  });

  it.each(['en', 'zh-CN'] as const)('is told line by line in %s', (language) => {
    const {promised} = admit(input({leases: [{name: 'sd', bytes: gib(7), usedBytes: gib(7)}]}));
    const lines = sumLines(textsFor(language), promised);
    expect(lines.map((line) => /^[-+=]?\s*[\d.]+ \w+/.exec(line.trim())?.[0].replace(/\s+/, ' '))).toEqual([
      '24.0 GiB',
      '- 1.0 GiB',
      '- 9.0 GiB',
      '- 7.0 GiB',
      '- 492 MiB',
      '= 6.5 GiB',
    ]);
    expect(lines[3]).toContain('sd');
  });

  it('says that of what is free only what leases do not use yet is kept back', () => {
    const {promised, measured} = admit(input({leases: [{name: 'sd', bytes: gib(7), usedBytes: gib(6)}]}));
    const line = (sum: typeof promised) => sumLines(textsFor('en'), sum).find((one) => one.includes('sd'));
    expect(line(promised)).toMatch(/7\.0 GiB {2}lease sd$/);
    expect(line(measured)).toMatch(/1\.0 GiB {2}lease sd, not used yet$/);
  });
});

/** Numbers that are the same every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A device with models, leases and outsiders, whose bytes add up. */
function situation(random: () => number): AdmissionInput {
  const total = mib(1024 * (2 + Math.floor(random() * 80)));
  const reserved = bytes(total * 0.03 * random());
  let free = total - reserved;
  const claim = (name: string): Claim => {
    const promised = bytes(total * 0.3 * random());
    const used = bytes(Math.min(free, promised * 1.2 * random()));
    free -= used;
    return {name, bytes: promised, usedBytes: used};
  };
  const several = (name: string, most: number): Claim[] =>
    Array.from({length: Math.floor(random() * (most + 1))}, (_, index) => claim(`${name}${index}`));
  const models = several('model', 2);
  const leases = several('lease', 4);
  const programs = claim('programs');
  const held = bytes(Math.min(free, total * 0.1 * random()) * Math.round(random()));
  free -= held;
  const outsiders = free * random();
  return {
    askedBytes: bytes(total * random()),
    heldBytes: held,
    reading: {totalBytes: total, reservedBytes: reserved, freeBytes: bytes(free - outsiders)},
    models,
    leases,
    programs,
  };
}

describe('admission over 2,000 generated devices', () => {
  const random = seeded(20_261_125);
  const cases = Array.from({length: 2000}, () => situation(random));
  const sum = (claims: readonly Claim[], of: (claim: Claim) => number): number =>
    claims.reduce((total, claim) => total + of(claim), 0);

  it('sees both answers often', () => {
    const refused = cases.filter((one) => admit(one).state === 'refused').length;
    expect(refused).toBeGreaterThan(200);
    expect(refused).toBeLessThan(1900);
  });

  it('never oversells: with the new lease granted, everybody can have all that they were promised', () => {
    for (const one of cases.filter((each) => admit(each).state === 'admitted')) {
      const {reading, models, leases, programs, askedBytes, heldBytes} = one;
      const promises = sum(models, ({bytes: size}) => size) + sum(leases, ({bytes: size}) => size);
      expect(promises + programs.bytes + askedBytes + reading.reservedBytes).toBeLessThanOrEqual(
        reading.totalBytes,
      );
      const growth =
        sum(models, growthOf) + sum(leases, growthOf) + growthOf(programs) + askedBytes - heldBytes;
      expect(growth).toBeLessThanOrEqual(reading.freeBytes);
    }
  });

  it('says the nearest size that fits: that one is granted, and one MiB more is not', () => {
    for (const one of cases) {
      const {largestBytes} = admit(one);
      const again = (askedBytes: Bytes) => admit({...one, askedBytes}).state;
      if (largestBytes > 0) expect(again(largestBytes)).toBe('admitted');
      expect(again(bytes(largestBytes + mib(1)))).toBe('refused');
    }
  });

  it('shows sums that are whole and add up', () => {
    for (const {promised, measured} of cases.map(admit)) {
      for (const {terms, roomBytes} of [promised, measured]) {
        expect(terms.reduce((total, term) => total + term.bytes, 0)).toBe(roomBytes);
        expect(terms.every((term) => Number.isInteger(term.bytes))).toBe(true);
      }
    }
  });

  it('gives as much to two who ask one after the other as to one who asks for both', () => {
    for (const one of cases) {
      const first = bytes(one.askedBytes / 3);
      const second = bytes(one.askedBytes - first);
      const alone = {...one, heldBytes: bytes(0)};
      if (admit({...alone, askedBytes: first}).state === 'refused') continue;
      const after = {
        ...alone,
        leases: [...one.leases, {name: 'first', bytes: first, usedBytes: bytes(0)}],
        askedBytes: second,
      };
      expect(admit(after).state).toBe(admit(alone).state);
    }
  });
});
