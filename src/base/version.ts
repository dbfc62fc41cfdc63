import {readFileSync} from 'node:fs';
import {findPackageJSON} from 'node:module';

/** Version of this package, `0.1.0`. */
export function berthVersion(): string {
  const path = findPackageJSON(import.meta.url);
  if (path === undefined) throw new Error('package.json is missing');
  return (JSON.parse(readFileSync(path, 'utf8')) as {version: string}).version;
}
