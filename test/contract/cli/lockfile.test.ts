import {readFile} from 'node:fs/promises';
import {describe, expect, it} from 'vitest';

interface Locked {
  optionalDependencies?: Record<string, string>;
}

const ROOT = new URL('../../../', import.meta.url);

describe('package-lock.json', () => {
  it('lists the packages of every platform, or npm ci refuses to install', async () => {
    const text = await readFile(new URL('package-lock.json', ROOT), 'utf8');
    const {packages} = JSON.parse(text) as {packages: Record<string, Locked>};
    // npm install drops the other platforms' packages when it updates a lockfile beside node_modules.
    const missing = Object.entries(packages).flatMap(([path, {optionalDependencies = {}}]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });

  it('names no registry, so that everybody installs from their own', async () => {
    const text = await readFile(new URL('package-lock.json', ROOT), 'utf8');
    expect(text.match(/"resolved": "[^"]*"/g) ?? []).toEqual([]);
  });
});
