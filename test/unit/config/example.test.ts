import {readFile} from 'node:fs/promises';
import {describe, expect, it} from 'vitest';
import {parse} from 'yaml';
import {allKeys} from '../../../src/deploy/config/issues.ts';
import {settingsSchema} from '../../../src/deploy/config/settings.ts';

const EXAMPLE = new URL('../../../berth.example.yaml', import.meta.url);

describe('berth.example.yaml', () => {
  it('is exactly the defaults as it stands', async () => {
    const written: unknown = parse(await readFile(EXAMPLE, 'utf8'));
    expect(settingsSchema.parse(written)).toEqual(settingsSchema.parse({}));
  });

  it('shows every key there is, and each line that is commented out is right too', async () => {
    const text = await readFile(EXAMPLE, 'utf8');
    const whole: unknown = parse(text.replaceAll(/^(\s*)# (\w+: \S+)$/gm, '$1$2'));
    settingsSchema.parse(whole);
    expect(keysOf(whole).toSorted()).toEqual(allKeys().toSorted());
  });
});

function keysOf(value: unknown, above = ''): string[] {
  if (typeof value !== 'object' || value === null) return [above];
  return Object.entries(value).flatMap(([key, inner]) =>
    keysOf(inner, above === '' ? key : `${above}.${key}`),
  );
}
