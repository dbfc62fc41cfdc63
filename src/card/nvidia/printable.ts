/** Words of another program, fit for a terminal: one line, no control characters, at most 300 characters. */
export const printable = (words: string): string =>
  words
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 300);
