import {stripVTControlCharacters} from 'node:util';

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that a text takes on a terminal: Chinese, Japanese, Korean and emoji take two; colours none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += columns(character);
  return width;
}

/** The text cut to at most `width` columns, with `…` where something was left out. Colours are not kept. */
export function cutToWidth(text: string, width: number): string {
  const plain = stripVTControlCharacters(text);
  if (displayWidth(plain) <= width) return text;
  let cut = '';
  let used = 0;
  for (const character of plain) {
    used += columns(character);
    if (used > width - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

/** Fills up with spaces; a text that is wider stays as it is. */
export function padToWidth(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + space : space + text;
}

function columns(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
