import {describe, expect, it} from 'vitest';
import {textsFor} from '../../../src/base/texts/index.ts';

type Leaf = readonly [path: string, text: string];

/** Texts that are the same in every language: names, units and what is typed. */
const SAME_EVERYWHERE = /^[\s\d⟨⟩\w.:/·()%+|,=<>-]*$/;

const fill = (make: (name: string) => unknown): object =>
  new Proxy({}, {get: (_target, name) => make(`⟨${String(name)}⟩`)});

/** The text with `⟨name⟩` where a value will stand: a text, or where the text wants a list, a list of one. */
function filled(text: (p: unknown) => unknown): string {
  try {
    return String(text(fill((name) => name)));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return String(text(fill((name) => [name])));
  }
}

/** Every text there is. */
function leaves(node: unknown, path = ''): Leaf[] {
  if (typeof node === 'string') return [[path, node]];
  if (typeof node === 'function') return [[path, filled(node as (p: unknown) => unknown)]];
  return Object.entries(node as object).flatMap(([key, inner]) =>
    leaves(inner, path === '' ? key : `${path}.${key}`),
  );
}

const english = leaves(textsFor('en'));
const chinese = new Map(leaves(textsFor('zh-CN')));
const placeholders = (text: string): string[] => [...new Set(text.match(/⟨\w+⟩/g) ?? [])].toSorted();
/** Commands, paths, flags and names are typed alike in every language. */
const withoutTyped = (text: string): string =>
  text.replaceAll(/`[^`]*`|⟨\w+⟩|berth [\w -]+|--?[\w-]+|[\w./]+[./_]\w+/g, ' ');

describe('the two catalogues', () => {
  it('have the same texts', () => {
    expect([...chinese.keys()]).toEqual(english.map(([path]) => path));
  });

  it('tell the same values', () => {
    const differing = english.filter(
      ([path, text]) => placeholders(text).join() !== placeholders(chinese.get(path) ?? '').join(),
    );
    expect(differing.map(([path, text]) => [path, text, chinese.get(path)])).toEqual([]);
  });

  it('are really two languages', () => {
    const untranslated = english.filter(([path, text]) => {
      const other = chinese.get(path) ?? '';
      return other === text && !(SAME_EVERYWHERE.test(text) && text.trim().split(/\s+/).length <= 3);
    });
    expect(untranslated).toEqual([]);
  });

  it('leave no English sentence in the Chinese one, and no Chinese in the English one', () => {
    const mixed = [...chinese].filter(([, text]) =>
      /\b[A-Za-z]+(?: [A-Za-z']+){3,}\b/.test(withoutTyped(text)),
    );
    expect(mixed).toEqual([]);
    expect(english.filter(([, text]) => /[\u4e00-\u9fff]/.test(text))).toEqual([]);
  });

  it('punctuate Chinese as Chinese', () => {
    const ascii = [...chinese].filter(([, text]) =>
      /[\u4e00-\u9fff][,;?!]|[\u4e00-\u9fff]\.(?:\s|$)/.test(text),
    );
    expect(ascii).toEqual([]);
  });
});
