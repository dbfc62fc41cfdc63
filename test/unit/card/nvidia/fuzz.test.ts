import {expect, it} from 'vitest';
import {parseCards} from '../../../../src/card/nvidia/cards.ts';
import {faultIn} from '../../../../src/card/nvidia/faults.ts';
import {mergeProcesses, parseComputeApps, parsePmon} from '../../../../src/card/nvidia/processes.ts';
import {shareOutCard} from '../../../../src/card/nvidia/share-out.ts';
import {parseVersions} from '../../../../src/card/nvidia/versions.ts';
import {parseXids} from '../../../../src/card/nvidia/xids.ts';
import * as answers from './answers.ts';

/** The same numbers for the same seed (mulberry32): a failure can be seen again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const BITS = [
  ', ',
  '\n',
  '\0',
  '[',
  ']',
  '[N/A]',
  '-1',
  '99999999999999999999',
  'MiB',
  '\u001b[2J',
  'NaN',
  '1e308',
  '字',
  '%',
];

/** A real answer with pieces cut out, doubled, swapped and replaced. */
function damage(text: string, next: () => number): string {
  let damaged = text;
  const turns = 1 + Math.floor(next() * 5);
  for (let turn = 0; turn < turns; turn++) {
    const at = Math.floor(next() * damaged.length);
    const length = Math.floor(next() ** 3 * 80);
    const piece =
      next() < 0.5 ? (BITS[Math.floor(next() * BITS.length)] ?? '') : damaged.slice(at, at + length);
    damaged = damaged.slice(0, at) + piece + damaged.slice(next() < 0.5 ? at : at + length);
  }
  return damaged;
}

const TEXTS = Object.values(answers);

it('garbage never throws, and never becomes a number that cannot be', () => {
  let rows = 0;
  for (let seed = 1; seed <= 4000; seed++) {
    const next = random(seed);
    const text = damage(TEXTS[seed % TEXTS.length] ?? '', next);
    const {cards} = parseCards(text);
    const processes = [...parseComputeApps(text), ...parsePmon(text)];
    for (const card of cards) {
      rows++;
      const held = mergeProcesses(card, processes, processes).map(({usedBytes}) => usedBytes);
      const memory = shareOutCard(card, held);
      if (!memory) continue;
      const {totalBytes, usedBytes, freeBytes, reservedBytes} = memory;
      const all = [totalBytes, usedBytes, freeBytes, reservedBytes, ...memory.processes];
      expect(
        all.every((one) => Number.isFinite(one) && one >= 0),
        `seed ${seed}`,
      ).toBe(true);
      expect(usedBytes + freeBytes + reservedBytes, `seed ${seed}`).toBe(totalBytes);
    }
    for (const {pid} of processes) expect(Number.isSafeInteger(pid), `seed ${seed}`).toBe(true);
    parseVersions(text);
    parseXids(text);
    faultIn({code: seed % 3, text});
  }
  // The damage is not so great that nothing is left to read.
  expect(rows).toBeGreaterThan(100);
});

it.each([
  ['one endless line', 'x'.repeat(4_000_000)],
  ['endless cells', ', '.repeat(1_000_000)],
  ['endless lines', '0, GPU-1\n'.repeat(400_000)],
  ['an endless header', `index, uuid${', a'.repeat(500_000)}\n`],
  ['endless brackets', '['.repeat(1_000_000)],
  ['endless spaces', `${' '.repeat(1_000_000)}x`],
  ['endless XIDs', 'NVRM: Xid (PCI:0000:01:00): 79, pid=1\n'.repeat(50_000)],
])('%s are read in a moment', (_, text) => {
  const started = performance.now();
  parseCards(text);
  parseComputeApps(text);
  parsePmon(text);
  parseVersions(text);
  parseXids(text);
  faultIn({code: 1, text});
  // Tens of milliseconds on an idle machine; an expression that backtracks takes minutes.
  expect(performance.now() - started).toBeLessThan(3000);
});
