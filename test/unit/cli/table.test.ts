import {describe, expect, it} from 'vitest';
import {printable} from '../../../src/cli/printable.ts';
import {bar, keyValues, table} from '../../../src/cli/table.ts';
import {cutToWidth, displayWidth, padToWidth} from '../../../src/cli/width.ts';

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['显存', 4],
    ['a显b', 4],
    ['\u001b[31mred\u001b[39m', 3],
    ['e\u0301', 1],
    ['🚀', 2],
    ['✔ ok', 4],
    ['', 0],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('cutToWidth and padToWidth', () => {
  it('never splits a wide character', () => {
    expect(cutToWidth('显存余量', 4)).toBe('显…');
    expect(cutToWidth('显存余量', 5)).toBe('显存…');
    expect(cutToWidth('显存', 4)).toBe('显存');
  });

  it('fills up by columns, not by characters', () => {
    expect(padToWidth('显存', 6)).toBe('显存  ');
    expect(padToWidth('12', 4, 'right')).toBe('  12');
  });
});

describe('table', () => {
  it('puts columns under one another in both languages', () => {
    expect(
      table(
        [
          ['模型', '2.3 GiB'],
          ['cache', '512 MiB'],
        ],
        {head: ['name', 'size'], align: ['left', 'right']},
      ),
    ).toBe(['name      size', '模型   2.3 GiB', 'cache  512 MiB'].join('\n'));
  });

  it('leaves no trailing spaces, and indents', () => {
    expect(
      keyValues(
        [
          ['a', 'x'],
          ['long', ''],
        ],
        '  ',
      ),
    ).toBe('  a     x\n  long');
  });

  it('is empty of nothing', () => {
    expect(table([])).toBe('');
  });
});

describe('bar', () => {
  it.each([
    [0, '░░░░'],
    [0.5, '██░░'],
    [1, '████'],
    [0.125, '▌░░░'],
    [2, '████'],
    [-1, '░░░░'],
    [Number.NaN, '░░░░'],
  ])('of %f', (fraction, drawn) => {
    expect(bar(fraction, 4)).toBe(drawn);
  });
});

describe('printable', () => {
  it('keeps text and removes what steers a terminal', () => {
    expect(printable('a\tb\n显存 \u001b]0;owned\u0007\u001b[2Jx\u0008\r\u009b31m')).toBe('a\tb\n显存 x');
  });
});
