import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';
import type {Examination} from '../../../src/card/index.ts';
import type {CardRow} from '../../../src/card/index.ts';
import {cardFault} from '../../../src/card/nvidia/faults.ts';
import {parseXids} from '../../../src/card/nvidia/xids.ts';
import {cardFindings, type CardWish} from '../../../src/health/doctor/cards.ts';

const card = (more: Partial<CardRow> = {}): CardRow => ({
  index: 0,
  uuid: 'GPU-aaaa1111',
  name: 'NVIDIA GeForce RTX 4090 D',
  busId: '00000000:01:00.0',
  persistence: true,
  resetRequired: false,
  lost: false,
  ...more,
});
const cards = (more: Partial<Extract<Examination, {state: 'cards'}>> = {}): Examination => ({
  state: 'cards',
  cards: [card()],
  versions: {driver: '580.65.06', cudaCeiling: '13.0'},
  xids: [],
  ...more,
});
const states = (seen: Examination, wish: Partial<CardWish> = {}) =>
  cardFindings(seen, {card: undefined, ...wish}).map(({name, state}) => `${name} ${state}`);
const said = (seen: Examination, name: string, language: 'en' | 'zh-CN' = 'en') =>
  cardFindings(seen, {card: undefined})
    .find((one) => one.name === name)
    ?.say(textsFor(language));

describe('what a doctor says of cards', () => {
  it('nothing wrong, nothing to fix', () => {
    expect(states(cards())).toEqual(['gpu pass', 'cuda pass', 'persistence pass', 'xid pass']);
  });

  it('no card is fine, unless one was asked for', () => {
    const none: Examination = {state: 'none', fault: cardFault('not-installed')};
    expect(states(none)).toEqual(['gpu pass']);
    expect(states(none, {card: 'cpu'})).toEqual(['gpu pass']);
    expect(states(none, {card: '0'})).toEqual(['gpu fail']);
    expect(states(cards(), {card: '1'})[0]).toBe('gpu fail');
  });

  it('a card that has failed is a warning, and a failure for those who asked for it', () => {
    const fault: Examination = {state: 'fault', fault: cardFault('lost', 'GPU is lost'), xids: []};
    expect(states(fault)).toEqual(['gpu warn']);
    expect(states(fault, {card: 'GPU-aaaa1111'})).toEqual(['gpu fail']);
    expect(states(cards({cards: [card({resetRequired: true})]}))[0]).toBe('gpu fail');
    expect(states(cards({cards: [card({lost: true})]}))[0]).toBe('gpu fail');
    expect(states(cards({fault: cardFault('lost')}))[0]).toBe('gpu warn');
  });

  it('a driver that is too old for an image', () => {
    const old = cards({versions: {driver: '570.133.20', cudaCeiling: '12.8'}});
    expect(states(old)[1]).toBe('cuda warn');
    expect(said(old, 'cuda')).toBe(
      'Driver 570.133.20 runs images up to CUDA 12.8; CUDA 13.0 needs driver 580 or newer.',
    );
    expect(states(old, {imageCuda: '12.8'})[1]).toBe('cuda pass');
    expect(states(old, {imageCuda: '12.9'})[1]).toBe('cuda warn');
    expect(states(old, {imageCuda: '13.1'})[1]).toBe('cuda fail');
    expect(states(cards({versions: {}}))[1]).toBe('cuda pass');
  });

  it('persistence that is off, or not known', () => {
    expect(states(cards({cards: [card({persistence: false})]}))[2]).toBe('persistence warn');
    const {persistence: _, ...unknown} = card();
    expect(states(cards({cards: [unknown]}))).toEqual(['gpu pass', 'cuda pass', 'xid pass']);
  });

  it('XIDs: what asks for a reset is a warning, each code once; what programs did is not', () => {
    const line = (code: number): string => `NVRM: Xid (PCI:0000:01:00): ${code}, pid=7, name=x, words\n`;
    expect(states(cards({xids: parseXids(line(31) + line(43))}))[3]).toBe('xid pass');
    const grave = cards({xids: parseXids(line(31) + line(48) + line(48) + line(79))});
    expect(states(grave)[3]).toBe('xid warn');
    expect(said(grave, 'xid')).toBe(
      'Since the start of the machine: 48: uncorrectable memory error (double bit) (reset the card); 79: the card has fallen off the bus (restart the machine).',
    );
    expect(said(grave, 'xid', 'zh-CN')).toContain('重启机器');
    expect(said(cards({xids: undefined}), 'xid')).toContain('not known');
  });
});
