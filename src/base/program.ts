import {fileURLToPath} from 'node:url';

/**
 * The argv that runs one of Berth's own programs (a `main` file) with the Node that runs this one.
 * `from` is `import.meta.url` of a file beside it: `.ts` in a checkout, `.js` once built.
 */
export function ownProgram(name: string, from: string): [string, ...string[]] {
  const extension = from.endsWith('.ts') ? '.ts' : '.js';
  return [process.execPath, fileURLToPath(new URL(`./${name}${extension}`, from))];
}

/** The argv that runs one of Berth's own programs inside its image: `gateway/main`, `engines/embedded/main`. */
export const imageProgram = (name: string): [string, ...string[]] => ['berth-program', name];
