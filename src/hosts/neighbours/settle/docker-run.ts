/** `docker run` as people type it, taken apart as far as it must be. */

/** Flags of `docker run` that take no value. Source: `docker run --help` of 20.10 to 29. */
const SWITCHES = new Set([
  'detach',
  'disable-content-trust',
  'init',
  'interactive',
  'no-healthcheck',
  'oom-kill-disable',
  'privileged',
  'publish-all',
  'quiet',
  'read-only',
  'rm',
  'sig-proxy',
  'tty',
  'use-api-socket',
]);

export interface DockerRun {
  /** Flags that `docker create` takes too. */
  flags: readonly string[];
  image: string;
  /** What the container is told to run, after its entrypoint. */
  argv: readonly string[];
}

/** The arguments after `docker run`; undefined when they name no image. Pure. */
export function parseDockerRun(words: readonly string[]): DockerRun | undefined {
  const flags: string[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-') || word === '-') break;
    if (word === '--') {
      at++;
      break;
    }
    const kept = createFlag(word);
    if (kept !== undefined) flags.push(kept);
    if (takesNext(word)) {
      const value = words[++at];
      if (value !== undefined) flags.push(value);
    }
  }
  const image = words[at];
  return image === undefined ? undefined : {flags, image, argv: words.slice(at + 1)};
}

/** The flag as `docker create` takes it: that one leaves it to the start whether anybody waits. */
function createFlag(word: string): string | undefined {
  if (word.startsWith('--')) {
    return /^--(?:detach|sig-proxy)(?:=|$)/.test(word) ? undefined : word;
  }
  const letters = lettersOf(word);
  const left = letters.replaceAll('d', '') + word.slice(1 + letters.length);
  return left === '' ? undefined : `-${left}`;
}

/** The letters that take no value at the beginning of a cluster, every other takes one: `it` of `-itd`, nothing of `-p8080:80`. */
const lettersOf = (word: string): string => /^-([diPqt]*)/.exec(word)?.[1] ?? '';

function takesNext(word: string): boolean {
  if (word.startsWith('--')) return !word.includes('=') && !SWITCHES.has(word.slice(2));
  // `-e` takes the next word, `-p8080:80` has its value, `-it` takes none.
  return word.length - 1 - lettersOf(word).length === 1;
}
