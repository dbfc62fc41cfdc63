import {readFile} from 'node:fs/promises';
import {describe, expect, it} from 'vitest';
import {parse} from 'yaml';
import {allKeys, keysAt} from '../../../src/deploy/config/issues.ts';
import {settingsSchema} from '../../../src/deploy/config/settings.ts';

const EXAMPLE = new URL('../../../berth.example.yaml', import.meta.url);

describe('berth.example.yaml', () => {
  it('is exactly the defaults as it stands', async () => {
    const written: unknown = parse(await readFile(EXAMPLE, 'utf8'));
    expect(settingsSchema.parse(written)).toEqual(settingsSchema.parse({}));
  });

  it('shows every key there is, and each line that is commented out is right too', async () => {
    const text = await readFile(EXAMPLE, 'utf8');
    const bases = text.replace(
      /^ {2}base: \{\}\n((?: {2}#.*\n){3})/m,
      (_, block: string) => `  base:\n${block.replaceAll('#', ' ')}`,
    );
    const whole: unknown = parse(bases.replaceAll(/^(\s*)# (\w+: \S+)$/gm, '$1$2'));
    settingsSchema.parse(whole);
    expect(keysOf(whole).toSorted()).toEqual(allKeys().toSorted());
  });

  it('shows models of every kind, and each is right', async () => {
    const text = await readFile(EXAMPLE, 'utf8');
    const [, block = ''] = /^models: \{\}\n((?:#.*\n)+)/m.exec(text) ?? [];
    const {models} = settingsSchema.parse(parse(`models:\n${block.replaceAll(/^#/gm, ' ')}`));
    expect(Object.keys(models)).toHaveLength(3);
    const shown = Object.values(models).flatMap((model) => Object.keys(model));
    expect([...new Set(shown)].toSorted()).toEqual(keysAt(['models', 'any']).toSorted());
  });
});

function keysOf(value: unknown, above = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [above];
  // A map with free names has no keys of its own to show.
  if (above === 'models') return [above];
  return Object.entries(value).flatMap(([key, inner]) =>
    keysOf(inner, above === '' ? key : `${above}.${key}`),
  );
}
